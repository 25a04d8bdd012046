/*
 * A driver of OpenCL for the library that asks drivers what there is: a platform with as many devices as DRIVER_DEVICES says, 0 or 1, which
 * can compute in no f64 and do nothing but say what they are.
 */
#include <stdlib.h>
#include <string.h>

typedef int cl_int;
typedef unsigned int cl_uint;
typedef unsigned long cl_ulong;

enum { DEVICE_NOT_FOUND = -1, INVALID_VALUE = -30 };

/* The library calls functions by their number in this table, the first member of all objects. */
static void *functions[256];
struct object {
  void **functions;
};
static struct object the_platform = {functions};
static struct object the_device = {functions};

static cl_int answer(const void *value, size_t bytes, size_t room, void *to, size_t *needed) {
  if (needed) {
    *needed = bytes;
  }
  if (to && room < bytes) {
    return INVALID_VALUE;
  }
  if (to) {
    memcpy(to, value, bytes);
  }
  return 0;
}

static cl_int text(const char *value, size_t room, void *to, size_t *needed) {
  return answer(value, strlen(value) + 1, room, to, needed);
}

static cl_int number(cl_ulong value, size_t bytes, size_t room, void *to, size_t *needed) {
  return answer(&value, bytes, room, to, needed);
}

cl_int clGetPlatformInfo(struct object *platform, cl_uint what, size_t room, void *to, size_t *needed) {
  switch (what) {
    case 0x900: return text("FULL_PROFILE", room, to, needed);
    case 0x901: return text("OpenCL 1.2", room, to, needed);
    case 0x902: return text("Bare platform", room, to, needed);
    case 0x903: return text("Chainrule's tests", room, to, needed);
    case 0x904: return text("cl_khr_icd", room, to, needed);
    case 0x920: return text("BARE", room, to, needed);
    default: return INVALID_VALUE;
  }
}

static cl_int devices(struct object *platform, cl_ulong type, cl_uint room, struct object **to, cl_uint *count) {
  const cl_uint there = (cl_uint)atoi(getenv("DRIVER_DEVICES"));
  if (count) {
    *count = there;
  }
  if (to && room > 0 && there > 0) {
    to[0] = &the_device;
  }
  return there > 0 ? 0 : DEVICE_NOT_FOUND;
}

static cl_int device_info(struct object *device, cl_uint what, size_t room, void *to, size_t *needed) {
  switch (what) {
    case 0x1000: return number(4, 8, room, to, needed);         /* a GPU */
    case 0x1004: return number(256, 8, room, to, needed);       /* threads of a group */
    case 0x1010: return number(1ul << 28, 8, room, to, needed); /* bytes at a time */
    case 0x1017: return number(1024, 8, room, to, needed);      /* bytes of parameters */
    case 0x101b: return number(6, 8, room, to, needed);         /* floats as such devices have them */
    case 0x101f: return number(1ul << 30, 8, room, to, needed); /* bytes of memory */
    case 0x1027: return number(1, 4, room, to, needed);         /* available */
    case 0x102b: return text("Bare device", room, to, needed);
    case 0x102d: return text("1", room, to, needed);
    case 0x102f: return text("OpenCL 1.2", room, to, needed);
    case 0x1030: return text("cl_khr_global_int32_base_atomics", room, to, needed);
    case 0x1031: {
      struct object *platform = &the_platform;
      return answer(&platform, sizeof platform, room, to, needed);
    }
    default: return INVALID_VALUE;
  }
}

cl_int clIcdGetPlatformIDsKHR(cl_uint room, struct object **to, cl_uint *count) {
  functions[1] = clGetPlatformInfo;
  functions[2] = devices;
  functions[3] = device_info;
  if (count) {
    *count = 1;
  }
  if (to && room > 0) {
    to[0] = &the_platform;
  }
  return 0;
}

void *clGetExtensionFunctionAddress(const char *name) {
  return strcmp(name, "clIcdGetPlatformIDsKHR") == 0 ? (void *)clIcdGetPlatformIDsKHR
      : strcmp(name, "clGetPlatformInfo") == 0 ? (void *)clGetPlatformInfo : NULL;
}
