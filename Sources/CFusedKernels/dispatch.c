#include "CFusedKernels.h"
