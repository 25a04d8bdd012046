// Stands in for NVIDIA's library of matrix products, libcublasLt.so.13, on the stand-in for the driver: d = op(a) op(b) in plain loops over
// matrices that lie column after column, batch after batch. It checks what descriptors say against each other, addresses, alignments and
// overlaps, and refuses what it does not know, so that an argument in the wrong place is an error or a wrong number. An algorithm holds for
// the descriptors and alignments that it was asked for. As the library's bits do, those here depend on the operands' transpositions. There
// are three algorithms: the third's sums have another order. The setting "slow" has the first take long (1), the second (2), or both (3).
// Says nothing about which algorithms a card has, or how fast they are.

#include <unistd.h>

#include "on_the_driver.h"

enum { SUCCESS = 0, NOT_INITIALIZED = 1, ALLOC_FAILED = 3, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15, ILLEGAL_ADDRESS = 700 };
enum { COMPUTE_32F = 68, COMPUTE_64F = 70, COMPUTE_32F_FAST_TF32 = 77 };
enum { R_32F = 0, R_64F = 1, R_16F = 2, R_16BF = 14 };

static const uint64_t WORKSPACE = 1 << 20;
static const uint32_t FIRST = 7, ALGORITHMS = 3;

#define REQUIRE(condition)                                            \
  if (!(condition)) {                                                 \
    fprintf(stderr, "stand-in: %s: not %s\n", __func__, #condition);  \
    return INVALID_VALUE;                                             \
  }

// What begins every object, so that one of another kind is not taken for it.
enum Kind { HANDLE = 0x48, PRODUCT, LAYOUT, PREFERENCE };
struct Handle {
  Kind kind = HANDLE;
};
struct Product {
  Kind kind = PRODUCT;
  int compute, scale;
  int transposed[2] = {0, 0};
};
struct Layout {
  Kind kind = LAYOUT;
  int type;
  uint64_t rows, columns;
  int64_t leading, stride = 0;
  int32_t batch = 1;
};
struct Preference {
  Kind kind = PREFERENCE;
  uint64_t workspace = 0;
  uint32_t reductions = 7, alignment[4] = {256, 256, 256, 256};
};
// 64 bytes, as the library's.
struct Algorithm {
  uint32_t number, alignment[4];
  uint64_t shapes, workspace;
  char rest[24];
};
struct Result {
  Algorithm algorithm;
  size_t workspace;
  Status state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Algorithm) == 64 && sizeof(Result) == 96);

template <class T> static Status create(T **out, T *made) {
  REQUIRE(out != nullptr)
  *out = made;
  stand_in_note("objects", 1);
  return SUCCESS;
}
template <class T> static Status destroy(T *object, Kind kind) {
  REQUIRE(object != nullptr && object->kind == kind)
  object->kind = (Kind)0;
  delete object;
  stand_in_note("objects", -1);
  return SUCCESS;
}

EXPORTED size_t cublasLtGetVersion() { return 139900; }
EXPORTED const char *cublasLtGetStatusName(Status status) {
  switch (status) {
    case ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "unknown";
  }
}
EXPORTED Status cublasLtCreate(Handle **out) {
  if (stand_in_fails("products memory")) {
    return ALLOC_FAILED;
  }
  return stand_in_usable() != SUCCESS || stand_in_fails("products") ? NOT_INITIALIZED : create(out, new Handle);
}
EXPORTED Status cublasLtDestroy(Handle *handle) { return destroy(handle, HANDLE); }

// --- descriptors --------------------------------------------------------------------------------------------------------------------

EXPORTED Status cublasLtMatmulDescCreate(Product **out, int compute, int scale) {
  Product *made = new Product;
  made->compute = compute;
  made->scale = scale;
  return create(out, made);
}
EXPORTED Status cublasLtMatmulDescDestroy(Product *product) { return destroy(product, PRODUCT); }
EXPORTED Status cublasLtMatmulDescSetAttribute(Product *product, int attribute, const void *value, size_t bytes) {
  REQUIRE(product != nullptr && product->kind == PRODUCT)
  REQUIRE(attribute == 3 || attribute == 4) // TRANSA, TRANSB
  REQUIRE(bytes == 4 && *(const uint32_t *)value <= 1)
  product->transposed[attribute - 3] = *(const int *)value;
  return SUCCESS;
}
EXPORTED Status cublasLtMatrixLayoutCreate(Layout **out, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  REQUIRE(type == R_32F || type == R_64F || type == R_16F || type == R_16BF)
  REQUIRE(rows > 0 && columns > 0 && rows < 1UL << 31 && columns < 1UL << 31)
  REQUIRE(leading >= (int64_t)rows)
  Layout *made = new Layout;
  made->type = type;
  made->rows = rows;
  made->columns = columns;
  made->leading = leading;
  return create(out, made);
}
EXPORTED Status cublasLtMatrixLayoutDestroy(Layout *layout) { return destroy(layout, LAYOUT); }
EXPORTED Status cublasLtMatrixLayoutSetAttribute(Layout *layout, int attribute, const void *value, size_t bytes) {
  REQUIRE(layout != nullptr && layout->kind == LAYOUT)
  switch (attribute) {
    case 5: // BATCH_COUNT
      REQUIRE(bytes == 4 && *(const int32_t *)value > 0)
      layout->batch = *(const int32_t *)value;
      return SUCCESS;
    case 6: // STRIDED_BATCH_OFFSET
      REQUIRE(bytes == 8 && *(const int64_t *)value >= 0)
      layout->stride = *(const int64_t *)value;
      return SUCCESS;
    default: REQUIRE(!"an attribute that is known") return NOT_SUPPORTED;
  }
}
EXPORTED Status cublasLtMatmulPreferenceCreate(Preference **out) { return create(out, new Preference); }
EXPORTED Status cublasLtMatmulPreferenceDestroy(Preference *preference) { return destroy(preference, PREFERENCE); }
EXPORTED Status cublasLtMatmulPreferenceSetAttribute(Preference *preference, int attribute, const void *value, size_t bytes) {
  REQUIRE(preference != nullptr && preference->kind == PREFERENCE)
  switch (attribute) {
    case 1: // MAX_WORKSPACE_BYTES
      REQUIRE(bytes == 8)
      preference->workspace = *(const uint64_t *)value;
      return SUCCESS;
    case 3: // REDUCTION_SCHEME_MASK
      REQUIRE(bytes == 4 && *(const uint32_t *)value <= 7)
      preference->reductions = *(const uint32_t *)value;
      return SUCCESS;
    case 5: case 6: case 7: case 8: { // MIN_ALIGNMENT_A_BYTES to D
      uint32_t alignment = *(const uint32_t *)value;
      REQUIRE(bytes == 4 && alignment > 0 && (alignment & (alignment - 1)) == 0)
      preference->alignment[attribute - 5] = alignment;
      return SUCCESS;
    }
    default: REQUIRE(!"an attribute that is known") return NOT_SUPPORTED;
  }
}

// --- algorithms ---------------------------------------------------------------------------------------------------------------------

static int bytesOf(int type) { return type == R_64F ? 8 : type == R_32F ? 4 : 2; }

static uint64_t mixed(uint64_t hash, uint64_t value) { return (hash ^ value) * 1099511628211UL; }

static uint64_t shapes(const Product *product, std::initializer_list<const Layout *> layouts) {
  uint64_t hash = mixed(mixed(mixed(mixed(14695981039346656037UL, product->compute), product->scale), product->transposed[0]), product->transposed[1]);
  for (const Layout *l : layouts) {
    for (uint64_t value : {(uint64_t)l->type, l->rows, l->columns, (uint64_t)l->leading, (uint64_t)l->batch, (uint64_t)l->stride}) {
      hash = mixed(hash, value);
    }
  }
  return hash;
}

static Status agree(const Product *product, const Layout *a, const Layout *b, const Layout *c, const Layout *d) {
  REQUIRE(product != nullptr && product->kind == PRODUCT)
  for (const Layout *layout : {a, b, c, d}) {
    REQUIRE(layout != nullptr && layout->kind == LAYOUT)
    REQUIRE(layout->type == a->type && layout->batch == a->batch)
  }
  REQUIRE(product->compute == (a->type == R_64F ? COMPUTE_64F : COMPUTE_32F) || (product->compute == COMPUTE_32F_FAST_TF32 && a->type == R_32F))
  REQUIRE(product->scale == (a->type == R_64F ? R_64F : R_32F))
  uint64_t m = product->transposed[0] ? a->columns : a->rows, k = product->transposed[0] ? a->rows : a->columns;
  uint64_t n = product->transposed[1] ? b->rows : b->columns, l = product->transposed[1] ? b->columns : b->rows;
  REQUIRE(k == l)
  REQUIRE(m == d->rows && n == d->columns)
  REQUIRE(c->rows == d->rows && c->columns == d->columns && c->leading == d->leading && c->stride == d->stride)
  REQUIRE(d->batch == 1 || d->stride >= d->leading * (int64_t)(d->columns - 1) + (int64_t)d->rows)
  return SUCCESS;
}

EXPORTED Status cublasLtMatmulAlgoGetHeuristic(Handle *handle, Product *product, Layout *a, Layout *b, Layout *c, Layout *d,
    Preference *preference, int requested, Result results[], int *returned) {
  REQUIRE(handle != nullptr && handle->kind == HANDLE)
  REQUIRE(preference != nullptr && preference->kind == PREFERENCE)
  REQUIRE(requested > 0 && results != nullptr && returned != nullptr)
  REQUIRE((preference->reductions & ~2) == 0) // sums in parts are put together in the type of sums, in order
  if (Status status = agree(product, a, b, c, d)) {
    return status;
  }
  if (stand_in_fails("algorithm")) {
    *returned = 0;
    return NOT_SUPPORTED;
  }
  *returned = requested < (int)ALGORITHMS ? requested : ALGORITHMS;
  memset(results, 0xCD, requested * sizeof(Result));
  for (int i = 0; i < *returned; i++) {
    Algorithm &algorithm = results[i].algorithm;
    algorithm.number = FIRST + i;
    memcpy(algorithm.alignment, preference->alignment, sizeof algorithm.alignment);
    algorithm.shapes = shapes(product, {a, b, c, d});
    algorithm.workspace = results[i].workspace = a->rows * a->columns > 1024 && preference->workspace >= WORKSPACE ? WORKSPACE : 0;
    results[i].state = SUCCESS;
    results[i].waves = 1;
  }
  return SUCCESS;
}

// --- products -----------------------------------------------------------------------------------------------------------------------

static double load(int type, Address at) {
  switch (type) {
    case R_64F: return *(const double *)at;
    case R_32F: return *(const float *)at;
    case R_16F: return *(const _Float16 *)at;
    default: return ofBrain(*(const uint16_t *)at);
  }
}
static void store(int type, Address at, double value) {
  switch (type) {
    case R_64F: *(double *)at = value; return;
    case R_32F: *(float *)at = (float)value; return;
    case R_16F: *(_Float16 *)at = (_Float16)(float)value; return;
    default: *(uint16_t *)at = brain((float)value);
  }
}

static size_t span(const Layout &layout) {
  return bytesOf(layout.type) * ((layout.batch - 1) * layout.stride + (layout.columns - 1) * layout.leading + layout.rows);
}
static bool apart(Address one, size_t bytesOfOne, Address other, size_t bytesOfOther) {
  return one + bytesOfOne <= other || other + bytesOfOther <= one;
}

// Sums go up where a is as it lies, down where it is transposed; the last algorithm's the other way.
static Status multiply(Product product, Layout a, Layout b, Layout d, Address aAt, Address bAt, Address dAt, Address workspace, size_t bytes,
    uint32_t algorithm) {
  for (auto [at, layout] : {std::pair{aAt, &a}, {bAt, &b}, {dAt, &d}}) {
    if (!stand_in_has(at, span(*layout))) {
      fprintf(stderr, "stand-in: cublasLtMatmul: %zu bytes at %llx, where they are not\n", span(*layout), at);
      return ILLEGAL_ADDRESS;
    }
  }
  if (bytes != 0) {
    memset((void *)workspace, 0xEE, bytes);
  }
  stand_in_note("products", 1);
  stand_in_note(algorithm == FIRST ? "first" : algorithm == FIRST + 1 ? "second" : "third", 1);
  if (algorithm < FIRST + 2 && (stand_in_setting("slow") >> (algorithm - FIRST) & 1)) {
    usleep(2000);
  }
  bool down = (product.transposed[0] != 0) != (algorithm == FIRST + 2);
  size_t size = bytesOf(a.type);
  int64_t depth = product.transposed[0] ? a.rows : a.columns;
  auto element = [size](const Layout &l, Address start, int64_t batch, int64_t row, int64_t column) {
    return start + size * (batch * l.stride + column * l.leading + row);
  };
  for (int64_t batch = 0; batch < d.batch; batch++) {
    for (int64_t column = 0; column < (int64_t)d.columns; column++) {
      for (int64_t row = 0; row < (int64_t)d.rows; row++) {
        float sum = 0;
        double wide = 0;
        for (int64_t step = 0; step < depth; step++) {
          int64_t k = down ? depth - 1 - step : step;
          double x = load(a.type, product.transposed[0] ? element(a, aAt, batch, k, row) : element(a, aAt, batch, row, k));
          double y = load(b.type, product.transposed[1] ? element(b, bAt, batch, column, k) : element(b, bAt, batch, k, column));
          if (product.compute == COMPUTE_64F) {
            wide = fma(x, y, wide);
          } else if (product.compute == COMPUTE_32F_FAST_TF32) {
            sum = fmaf(tf32((float)x), tf32((float)y), sum);
          } else {
            sum = fmaf((float)x, (float)y, sum);
          }
        }
        store(d.type, element(d, dAt, batch, row, column), product.compute == COMPUTE_64F ? wide : sum);
      }
    }
  }
  return SUCCESS;
}

EXPORTED Status cublasLtMatmul(Handle *handle, Product *product, const void *alpha, Address aAt, Layout *a, Address bAt, Layout *b,
    const void *beta, Address cAt, Layout *c, Address dAt, Layout *d, const Algorithm *algorithm, Address workspace, size_t bytes, Stream *stream) {
  REQUIRE(handle != nullptr && handle->kind == HANDLE)
  if (Status status = agree(product, a, b, c, d)) {
    return status;
  }
  bool wide = product->scale == R_64F;
  REQUIRE((wide ? *(const double *)alpha : *(const float *)alpha) == 1)
  REQUIRE((wide ? *(const double *)beta : *(const float *)beta) == 0)
  REQUIRE(algorithm != nullptr && algorithm->number >= FIRST && algorithm->number < FIRST + ALGORITHMS && algorithm->shapes == shapes(product, {a, b, c, d}))
  REQUIRE(aAt % algorithm->alignment[0] == 0 && bAt % algorithm->alignment[1] == 0)
  REQUIRE(cAt % algorithm->alignment[2] == 0 && dAt % algorithm->alignment[3] == 0)
  REQUIRE(cAt == dAt)
  REQUIRE(apart(aAt, span(*a), dAt, span(*d)) && apart(bAt, span(*b), dAt, span(*d)))
  REQUIRE(bytes >= algorithm->workspace)
  REQUIRE(bytes == 0 || (workspace % 256 == 0 && stand_in_has(workspace, bytes) && apart(workspace, bytes, aAt, span(*a))
      && apart(workspace, bytes, bAt, span(*b)) && apart(workspace, bytes, dAt, span(*d))))
  Product what = *product;
  Layout left = *a, right = *b, result = *d;
  uint32_t number = algorithm->number;
  std::function<Status()> work = [=] { return multiply(what, left, right, result, aAt, bAt, dAt, workspace, bytes, number); };
  return stand_in_enqueue(stream, &work) == SUCCESS ? SUCCESS : EXECUTION_FAILED;
}
