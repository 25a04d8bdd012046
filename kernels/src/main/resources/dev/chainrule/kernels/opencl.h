/* The dialect in OpenCL C 1.2. */

#pragma OPENCL FP_CONTRACT OFF
#ifdef WITH_F64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

typedef uchar u8;
typedef ushort u16;
typedef int i32;
typedef uint u32;
typedef long i64;
typedef ulong u64;
typedef float f32;
#ifdef WITH_F64
typedef double f64;
#endif

#define KERNEL(threads) __kernel __attribute__((reqd_work_group_size(threads, 1, 1)))
#define REGISTER_KERNEL(threads) KERNEL(threads)
#define GLOBAL __global
#define LOCAL __local
#define SHARED(T, name, n) __local T name[n]
#define DEVICE static inline
#define GROUP ((i64)get_group_id(0))
#define GROUPS ((i64)get_num_groups(0))
#define THREAD ((int)get_local_id(0))
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#ifdef ON_PROCESSOR /* which has no registers for a row, and a compiler that takes long over unrolled loops */
#define UNROLL
#define UNROLL_BY(times)
#else
#define UNROLL _Pragma("unroll")
#define PRAGMA(text) _Pragma(#text)
#define UNROLL_BY(times) PRAGMA(unroll times)
#endif
#define ALIGNED(bytes) __attribute__((aligned(bytes)))

#define LIBRARY_f32(function) function
#define LIBRARY_f64(function) function
#define FMA_f32(x, y, z) fma(x, y, z)
#define FMA_f64(x, y, z) fma(x, y, z)

DEVICE u32 f32_bits(f32 x) { return as_uint(x); }
DEVICE f32 f32_value(u32 bits) { return as_float(bits); }
#ifdef WITH_F64
DEVICE u64 f64_bits(f64 x) { return as_ulong(x); }
DEVICE f64 f64_value(u64 bits) { return as_double(bits); }
#endif

DEVICE u32 atomic_exchange_if(GLOBAL u32 *at, u32 expected, u32 value) {
  return atomic_cmpxchg((volatile GLOBAL u32 *)at, expected, value);
}
DEVICE void atomic_lower(GLOBAL u32 *at, u32 value) { atomic_min((volatile GLOBAL u32 *)at, value); }
DEVICE u32 high_product(u32 x, u32 y) { return mul_hi(x, y); }
