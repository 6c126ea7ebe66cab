#include <hdf5.h>

// What the library's headers say in macros, which Swift does not see. All of it needs H5open() first.

/// The class of property lists that say how a file is reached.
static inline hid_t CHDF5FileAccessClass(void) { return H5P_FILE_ACCESS; }

/// The class of property lists that say how a dataset is stored.
static inline hid_t CHDF5DatasetCreationClass(void) { return H5P_DATASET_CREATE; }

/// The class of property lists that say how a link is made.
static inline hid_t CHDF5LinkCreationClass(void) { return H5P_LINK_CREATE; }

/// The type of a C int.
static inline hid_t CHDF5Int(void) { return H5T_NATIVE_INT; }

/// The type of a C float.
static inline hid_t CHDF5Float(void) { return H5T_NATIVE_FLOAT; }

/// The type of a C double.
static inline hid_t CHDF5Double(void) { return H5T_NATIVE_DOUBLE; }

/// Whether `type` is IEEE 754 single precision of either byte order.
static inline int CHDF5IsSingle(hid_t type) {
  return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0;
}

/// Whether `type` is IEEE 754 double precision of either byte order.
static inline int CHDF5IsDouble(hid_t type) {
  return H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
}

/// Whether `type` is IEEE 754 half precision, for which the library has no name before version 1.14.4.
static inline int CHDF5IsHalf(hid_t type) {
  if (H5Tget_class(type) != H5T_FLOAT || H5Tget_size(type) != 2 || H5Tget_ebias(type) != 15) return 0;
  size_t sign, exponent, exponentSize, mantissa, mantissaSize;
  if (H5Tget_fields(type, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize) < 0) return 0;
  return sign == 15 && exponent == 10 && exponentSize == 5 && mantissa == 0 && mantissaSize == 10 &&
         H5Tget_norm(type) == H5T_NORM_IMPLIED && H5Tget_precision(type) == 16;
}

/// Whether link number `index` of `group`, by name, is a hard one: to an object of the same file.
static inline int CHDF5LinkIsHard(hid_t group, hsize_t index) {
  H5L_info_t information;
  return H5Lget_info_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &information, H5P_DEFAULT) >= 0 &&
         information.type == H5L_TYPE_HARD;
}
