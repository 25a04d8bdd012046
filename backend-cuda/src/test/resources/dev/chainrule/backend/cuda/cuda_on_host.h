// What CUDA C++ has and C++ has not, so that g++ compiles kernels for the stand-in of the driver: each thread of a GPU is a fiber, a
// barrier lets the next one go on. No header is included, because that is most of the time that compiling takes.

struct dim3_on_host {
  unsigned x, y, z;
};
struct thread_on_host {
  dim3_on_host thread, block, threads, blocks;
};
// The stand-in runs one kernel at a time. It sets these when it loads a module.
extern "C" __attribute__((visibility("default"))) thread_on_host **chainrule_here = nullptr;
extern "C" __attribute__((visibility("default"))) void (*chainrule_at_barrier)(void) = nullptr;

#define threadIdx ((*chainrule_here)->thread)
#define blockIdx ((*chainrule_here)->block)
#define blockDim ((*chainrule_here)->threads)
#define gridDim ((*chainrule_here)->blocks)

#define __global__ __attribute__((visibility("default")))
#define __launch_bounds__(...)
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __shared__ static
#define __syncthreads() chainrule_at_barrier()

#define fmaf __builtin_fmaf
#define fma __builtin_fma
#define expf __builtin_expf
#define expm1f __builtin_expm1f
#define logf __builtin_logf
#define log1pf __builtin_log1pf
#define sqrtf __builtin_sqrtf
#define powf __builtin_powf
#define sinf __builtin_sinf
#define cosf __builtin_cosf
#define tanf __builtin_tanf
#define tanhf __builtin_tanhf
#define erff __builtin_erff
#define floorf __builtin_floorf
#define ceilf __builtin_ceilf
#define rintf __builtin_rintf
#define truncf __builtin_truncf
#define fabsf __builtin_fabsf
#define fmodf __builtin_fmodf
#define ldexpf __builtin_ldexpf
#define exp __builtin_exp
#define expm1 __builtin_expm1
#define log __builtin_log
#define log1p __builtin_log1p
#define sqrt __builtin_sqrt
#define pow __builtin_pow
#define sin __builtin_sin
#define cos __builtin_cos
#define tan __builtin_tan
#define tanh __builtin_tanh
#define erf __builtin_erf
#define floor __builtin_floor
#define ceil __builtin_ceil
#define rint __builtin_rint
#define trunc __builtin_trunc
#define fabs __builtin_fabs
#define fmod __builtin_fmod
#define ldexp __builtin_ldexp

static inline unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
static inline int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
static inline float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
static inline float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
static inline long long __double_as_longlong(double x) { return __builtin_bit_cast(long long, x); }
static inline double __longlong_as_double(long long x) { return __builtin_bit_cast(double, x); }
static inline unsigned __umulhi(unsigned x, unsigned y) { return (unsigned)((unsigned long long)x * y >> 32); }

static inline unsigned atomicCAS(unsigned *at, unsigned expected, unsigned value) {
  unsigned before = *at;
  if (before == expected) {
    *at = value;
  }
  return before;
}
static inline unsigned atomicMin(unsigned *at, unsigned value) {
  unsigned before = *at;
  if (value < before) {
    *at = value;
  }
  return before;
}

// How the stand-in calls a kernel: with the addresses of its arguments, of which only the kernel knows how many there are.
template <int... I> struct numbers_on_host {};
template <class... A, int... I>
static inline void call_on_host(void (*kernel)(A...), void **arguments, numbers_on_host<I...>) {
  kernel(*(A *)arguments[I]...);
}
template <class... A> static inline void call_on_host(void (*kernel)(A...), void **arguments) {
  call_on_host(kernel, arguments, numbers_on_host<__integer_pack(sizeof...(A))...>());
}
template <class... A> constexpr int arguments_on_host(void (*)(A...)) { return sizeof...(A); }
#define CALLABLE_ON_HOST(kernel)                                                                                                       \
  extern "C" __attribute__((visibility("default"))) void call_##kernel(void **arguments) { call_on_host(kernel, arguments); }        \
  extern "C" __attribute__((visibility("default"))) const int arguments_##kernel = arguments_on_host(kernel);
