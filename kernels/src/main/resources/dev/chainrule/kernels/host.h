/*
 * The dialect in C++ on the host, where kernels are functions. Whoever runs them says which thread of which group they are, and switches
 * between the threads of a group at a barrier: the place is a variable of the operating system's thread.
 */

#include <cmath>
#include <cstdint>
#include <cstring>

typedef uint8_t u8;
typedef uint16_t u16;
typedef int32_t i32;
typedef uint32_t u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;

struct Where {
  i64 group;
  i64 groups;
  int thread;
};
extern "C" {
extern thread_local Where *here;
void reach_barrier(void);
}

#define KERNEL(threads) extern "C"
#define REGISTER_KERNEL(threads) KERNEL(threads)
#define GLOBAL
#define LOCAL
#define SHARED(T, name, n) static thread_local T name[n]
#define DEVICE static inline
#define GROUP (here->group)
#define GROUPS (here->groups)
#define THREAD (here->thread)
#define BARRIER() reach_barrier()
#define UNROLL
#define UNROLL_BY(times)
#define ALIGNED(bytes) __attribute__((aligned(bytes)))

#define LIBRARY_f32(function) function##f
#define LIBRARY_f64(function) function
#define FMA_f32(x, y, z) __builtin_fmaf(x, y, z)
#define FMA_f64(x, y, z) __builtin_fma(x, y, z)

DEVICE u32 f32_bits(f32 x) {
  u32 bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
DEVICE f32 f32_value(u32 bits) {
  f32 x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
DEVICE u64 f64_bits(f64 x) {
  u64 bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
DEVICE f64 f64_value(u64 bits) {
  f64 x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

DEVICE u32 atomic_exchange_if(u32 *at, u32 expected, u32 value) {
  __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return expected;
}
DEVICE void atomic_lower(u32 *at, u32 value) {
  u32 seen = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (value < seen && !__atomic_compare_exchange_n(at, &seen, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}
DEVICE u32 high_product(u32 x, u32 y) { return (u32)((u64)x * y >> 32); }
