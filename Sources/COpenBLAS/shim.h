// OpenBLAS and LAPACKE as installed by libopenblas-dev and liblapacke-dev. Includes only.
#pragma once
#include <cblas.h>
#include <lapacke.h>
