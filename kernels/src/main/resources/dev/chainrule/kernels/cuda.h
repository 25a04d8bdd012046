/* The dialect in CUDA C++, without any header: for NVRTC and nvcc. */

typedef unsigned char u8;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;

#define KERNEL(threads) extern "C" __global__ __launch_bounds__(threads)
/* One that holds much: else the compiler spills some registers where a further group would fit on a multiprocessor then. */
#define REGISTER_KERNEL(threads) extern "C" __global__ __launch_bounds__(threads, 1)
#define GLOBAL
#define LOCAL
#define SHARED(T, name, n) __shared__ T name[n]
#define DEVICE static __device__ __forceinline__
#define GROUP ((i64)blockIdx.x)
#define GROUPS ((i64)gridDim.x)
#define THREAD ((int)threadIdx.x)
#define BARRIER() __syncthreads()
#define UNROLL _Pragma("unroll")
#define PRAGMA(text) _Pragma(#text)
#define UNROLL_BY(times) PRAGMA(unroll times)
#define ALIGNED(bytes) alignas(bytes)

#define LIBRARY_f32(function) function##f
#define LIBRARY_f64(function) function
#define FMA_f32(x, y, z) fmaf(x, y, z)
#define FMA_f64(x, y, z) fma(x, y, z)

#undef NAN
#undef INFINITY
#define NAN __int_as_float(0x7fc00000)
#define INFINITY __int_as_float(0x7f800000)

DEVICE u32 f32_bits(f32 x) { return __float_as_uint(x); }
DEVICE f32 f32_value(u32 bits) { return __uint_as_float(bits); }
DEVICE u64 f64_bits(f64 x) { return (u64)__double_as_longlong(x); }
DEVICE f64 f64_value(u64 bits) { return __longlong_as_double((i64)bits); }

DEVICE u32 atomic_exchange_if(u32 *at, u32 expected, u32 value) { return atomicCAS(at, expected, value); }
DEVICE void atomic_lower(u32 *at, u32 value) { atomicMin(at, value); }
DEVICE u32 high_product(u32 x, u32 y) { return __umulhi(x, y); }
