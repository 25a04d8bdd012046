// Stands in for NVIDIA's library of neural networks, libcudnn.so.9, on the stand-in for the driver: the part of its graph API that describes
// convolutions and their gradients, computed in plain loops over whatever strides. It checks which attributes a descriptor may have and
// must have, their types and numbers, that what it refers to is complete, that sizes fit together, and addresses, alignments, overlaps and
// workspace when something runs. Engines whose arithmetic a framework may not want come first, and give wrong numbers on purpose. As the
// library's bits do, those here differ from those of other kernels. Says nothing about which engines a card has, or how fast they are.

#include "on_the_driver.h"

#include <map>

enum { SUCCESS = 0, NOT_INITIALIZED = 1001, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, ALLOCATION_FAILED = 4003,
  EXECUTION_FAILED = 5000, ILLEGAL_ADDRESS = 700 };
enum { FLOAT = 0, HALF = 2, BFLOAT16 = 9 };
enum Kind { CONVOLUTION = 1, ENGINE, CONFIGURATION, HEURISTICS, PLAN, FORWARD = 10, BACKWARD_FILTER, BACKWARD_DATA, GRAPH = 15, PACK, TENSOR };
enum Type { T_HANDLE = 0, T_DATA = 1, T_INT64 = 3, T_FLOAT = 4, T_POINTER = 6, T_CONVOLUTION_MODE = 7, T_HEURISTICS_MODE = 8, T_NOTE = 11, T_DESCRIPTOR = 15 };
enum Note { TENSOR_CORE, DOWN_CONVERT, NONDETERMINISTIC = 4, WINOGRAD = 5, STRICT_NAN = 9 };

static const uint64_t WORKSPACE = 1 << 20;

// A mistake of the caller's is counted, too: it must not pass for a refusal.
#define REQUIRE(condition)                                            \
  if (!(condition)) {                                                 \
    fprintf(stderr, "stand-in: %s: not %s\n", __func__, #condition);  \
    stand_in_note("mistakes", 1);                                     \
    return BAD_PARAM;                                                 \
  }

struct Handle {
  int magic = 0x444e4e;
  Stream *stream = nullptr;
};
struct Descriptor;
struct Attribute {
  Type type;
  std::vector<int64_t> elements; // floats as their bits
};
struct Descriptor {
  int magic = 0x444553;
  Kind kind;
  bool complete = false;
  std::map<int, Attribute> attributes;
  int64_t number(int name) const { return attributes.at(name).elements[0]; }
  const std::vector<int64_t> &all(int name) const { return attributes.at(name).elements; }
  Descriptor *of(int name) const { return (Descriptor *)number(name); }
};

EXPORTED size_t cudnnGetVersion() { return 99900; }
EXPORTED const char *cudnnGetErrorString(Status status) {
  switch (status) {
    case NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case ALLOCATION_FAILED: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "unknown";
  }
}
EXPORTED Status cudnnCreate(Handle **out) {
  REQUIRE(out != nullptr)
  if (stand_in_usable() != SUCCESS || stand_in_fails("convolutions")) {
    return NOT_INITIALIZED;
  }
  if (stand_in_fails("convolutions memory")) {
    return ALLOCATION_FAILED;
  }
  *out = new Handle;
  stand_in_note("objects", 1);
  return SUCCESS;
}
EXPORTED Status cudnnDestroy(Handle *handle) {
  REQUIRE(handle != nullptr && handle->magic == Handle().magic)
  handle->magic = 0;
  delete handle;
  stand_in_note("objects", -1);
  return SUCCESS;
}
EXPORTED Status cudnnSetStream(Handle *handle, Stream *stream) {
  REQUIRE(handle != nullptr && handle->magic == Handle().magic)
  handle->stream = stream;
  return SUCCESS;
}

// --- descriptors --------------------------------------------------------------------------------------------------------------------

struct Rule {
  Kind kind;
  int name;
  Type type;
  size_t least, most; // elements
  int refersTo;       // kind of descriptor; -1 any operation
};
static const Rule RULES[] = {
    {CONVOLUTION, 100, T_DATA, 1, 1, 0}, {CONVOLUTION, 101, T_CONVOLUTION_MODE, 1, 1, 0}, {CONVOLUTION, 102, T_INT64, 2, 3, 0},
    {CONVOLUTION, 103, T_INT64, 2, 3, 0}, {CONVOLUTION, 104, T_INT64, 2, 3, 0}, {CONVOLUTION, 105, T_INT64, 2, 3, 0},
    {CONVOLUTION, 106, T_INT64, 1, 1, 0}, {HEURISTICS, 200, T_HEURISTICS_MODE, 1, 1, 0}, {HEURISTICS, 201, T_DESCRIPTOR, 1, 1, GRAPH},
    {PLAN, 400, T_HANDLE, 1, 1, 0}, {PLAN, 401, T_DESCRIPTOR, 1, 1, CONFIGURATION},
    {FORWARD, 700, T_FLOAT, 1, 1, 0}, {FORWARD, 701, T_FLOAT, 1, 1, 0}, {FORWARD, 702, T_DESCRIPTOR, 1, 1, CONVOLUTION},
    {FORWARD, 703, T_DESCRIPTOR, 1, 1, TENSOR}, {FORWARD, 704, T_DESCRIPTOR, 1, 1, TENSOR}, {FORWARD, 705, T_DESCRIPTOR, 1, 1, TENSOR},
    {BACKWARD_DATA, 706, T_FLOAT, 1, 1, 0}, {BACKWARD_DATA, 707, T_FLOAT, 1, 1, 0}, {BACKWARD_DATA, 708, T_DESCRIPTOR, 1, 1, CONVOLUTION},
    {BACKWARD_DATA, 709, T_DESCRIPTOR, 1, 1, TENSOR}, {BACKWARD_DATA, 710, T_DESCRIPTOR, 1, 1, TENSOR}, {BACKWARD_DATA, 711, T_DESCRIPTOR, 1, 1, TENSOR},
    {BACKWARD_FILTER, 712, T_FLOAT, 1, 1, 0}, {BACKWARD_FILTER, 713, T_FLOAT, 1, 1, 0}, {BACKWARD_FILTER, 714, T_DESCRIPTOR, 1, 1, CONVOLUTION},
    {BACKWARD_FILTER, 715, T_DESCRIPTOR, 1, 1, TENSOR}, {BACKWARD_FILTER, 716, T_DESCRIPTOR, 1, 1, TENSOR}, {BACKWARD_FILTER, 717, T_DESCRIPTOR, 1, 1, TENSOR},
    {GRAPH, 800, T_HANDLE, 1, 1, 0}, {GRAPH, 801, T_DESCRIPTOR, 1, 1, -1},
    {TENSOR, 900, T_INT64, 1, 1, 0}, {TENSOR, 901, T_DATA, 1, 1, 0}, {TENSOR, 902, T_INT64, 4, 5, 0}, {TENSOR, 903, T_INT64, 4, 5, 0},
    {TENSOR, 906, T_INT64, 1, 1, 0},
    {PACK, 1000, T_INT64, 3, 3, 0}, {PACK, 1001, T_POINTER, 3, 3, 0}, {PACK, 1003, T_POINTER, 1, 1, 0}};

static bool isDescriptor(const Descriptor *d) { return d != nullptr && d->magic == Descriptor().magic; }
static bool isOperation(const Descriptor *d) { return d->kind == FORWARD || d->kind == BACKWARD_FILTER || d->kind == BACKWARD_DATA; }

EXPORTED Status cudnnBackendCreateDescriptor(int kind, Descriptor **out) {
  REQUIRE(out != nullptr)
  bool known = kind == ENGINE || kind == CONFIGURATION;
  for (const Rule &rule : RULES) {
    known = known || rule.kind == kind;
  }
  REQUIRE(known)
  *out = new Descriptor;
  (*out)->kind = (Kind)kind;
  stand_in_note("objects", 1);
  return SUCCESS;
}
EXPORTED Status cudnnBackendDestroyDescriptor(Descriptor *descriptor) {
  REQUIRE(isDescriptor(descriptor))
  descriptor->magic = 0;
  delete descriptor;
  stand_in_note("objects", -1);
  return SUCCESS;
}
EXPORTED Status cudnnBackendSetAttribute(Descriptor *descriptor, int name, int type, int64_t count, const void *elements) {
  REQUIRE(isDescriptor(descriptor) && !descriptor->complete && elements != nullptr)
  const Rule *rule = nullptr;
  for (const Rule &each : RULES) {
    rule = each.kind == descriptor->kind && each.name == name ? &each : rule;
  }
  REQUIRE(rule != nullptr)
  REQUIRE(type == rule->type && count >= (int64_t)rule->least && count <= (int64_t)rule->most)
  Attribute attribute = {rule->type, {}};
  bool narrow = type == T_DATA || type == T_FLOAT || type == T_CONVOLUTION_MODE || type == T_HEURISTICS_MODE;
  for (int64_t i = 0; i < count; i++) {
    attribute.elements.push_back(narrow ? ((const int32_t *)elements)[i] : ((const int64_t *)elements)[i]);
    if (type == T_DESCRIPTOR) {
      Descriptor *other = (Descriptor *)attribute.elements.back();
      REQUIRE(isDescriptor(other) && other->complete)
      REQUIRE(rule->refersTo == -1 ? isOperation(other) : other->kind == rule->refersTo)
    }
    if (type == T_HANDLE) {
      Handle *handle = (Handle *)attribute.elements.back();
      REQUIRE(handle != nullptr && handle->magic == Handle().magic)
    }
  }
  descriptor->attributes[name] = attribute;
  return SUCCESS;
}

// --- what is computed ---------------------------------------------------------------------------------------------------------------

// An operation's tensors follow its factors and the convolution: w, x, y, or their gradients.
static int first(const Descriptor *operation) { return operation->kind == FORWARD ? 700 : operation->kind == BACKWARD_DATA ? 706 : 712; }

static Status fits(const Descriptor *operation) {
  int at = first(operation);
  REQUIRE(operation->number(at) == 0x3f800000 && operation->number(at + 1) == 0) // 1 and 0
  const Descriptor *conv = operation->of(at + 2), *w = operation->of(at + 3), *x = operation->of(at + 4), *y = operation->of(at + 5);
  size_t axes = conv->number(106);
  for (const Descriptor *tensor : {w, x, y}) {
    REQUIRE(tensor->all(902).size() == axes + 2)
    REQUIRE(tensor->number(901) == x->number(901))
  }
  REQUIRE(w->number(906) != x->number(906) && w->number(906) != y->number(906) && x->number(906) != y->number(906))
  const std::vector<int64_t> &inputs = x->all(902), &filters = w->all(902), &results = y->all(902);
  REQUIRE(inputs[0] == results[0] && filters[0] == results[1])
  REQUIRE(inputs[1] % filters[1] == 0 && results[1] % (inputs[1] / filters[1]) == 0)
  for (size_t i = 0; i < axes; i++) {
    int64_t seen = conv->all(102)[i] * (filters[i + 2] - 1) + 1;
    int64_t room = inputs[i + 2] + conv->all(105)[i] + conv->all(104)[i] - seen;
    REQUIRE(room >= 0 && results[i + 2] == room / conv->all(103)[i] + 1)
  }
  return SUCCESS;
}

static Status sound(const Descriptor *d) {
  for (const Rule &rule : RULES) {
    REQUIRE(rule.kind != d->kind || d->attributes.count(rule.name) == 1)
  }
  switch (d->kind) {
    case TENSOR: {
      int64_t type = d->number(901), alignment = d->number(900), size = type == FLOAT ? 4 : 2;
      REQUIRE(type == FLOAT || type == HALF || type == BFLOAT16)
      REQUIRE(alignment >= size && (alignment & (alignment - 1)) == 0)
      REQUIRE(d->all(902).size() == d->all(903).size())
      int64_t elements = 1, last = 0; // as many as lie between the first and the last: no gaps, no overlaps
      for (size_t i = 0; i < d->all(902).size(); i++) {
        REQUIRE(d->all(902)[i] > 0 && d->all(903)[i] > 0)
        elements *= d->all(902)[i];
        last += (d->all(902)[i] - 1) * d->all(903)[i];
      }
      REQUIRE(last == elements - 1)
      return SUCCESS;
    }
    case CONVOLUTION:
      REQUIRE(d->number(100) == FLOAT && d->number(101) == 1)
      for (int name : {102, 103, 104, 105}) {
        REQUIRE((int64_t)d->all(name).size() == d->number(106))
        for (int64_t element : d->all(name)) {
          REQUIRE(element >= (name <= 103 ? 1 : 0))
        }
      }
      return SUCCESS;
    case FORWARD: case BACKWARD_DATA: case BACKWARD_FILTER: return fits(d);
    case HEURISTICS:
      REQUIRE(d->number(200) == 3 || d->number(200) == 2) // A, FALLBACK
      return SUCCESS;
    case PLAN: return stand_in_fails("plan") ? NOT_SUPPORTED : stand_in_fails("plan memory") ? ALLOCATION_FAILED : SUCCESS;
    case ENGINE: case CONFIGURATION: REQUIRE(!"something that the library makes") return SUCCESS;
    case GRAPH: case PACK: return SUCCESS;
  }
  return SUCCESS;
}

EXPORTED Status cudnnBackendFinalize(Descriptor *descriptor) {
  REQUIRE(isDescriptor(descriptor) && !descriptor->complete)
  Status status = sound(descriptor);
  descriptor->complete = status == SUCCESS;
  return status;
}

// --- engines ------------------------------------------------------------------------------------------------------------------------

// Two have wrong numbers; one rounds operands of f32 to TF32; one is strict.
enum Engine { RACING, TRANSFORMING, CORES, STRICT };
static const int OF_ENGINE = 1, OF_GRAPH = 2; // attributes of the stand-in's own

static std::vector<int> notes(int64_t engine, const Descriptor *graph) {
  const Descriptor *operation = graph->of(801);
  bool wide = operation->of(first(operation) + 4)->number(901) == FLOAT;
  switch (engine) {
    case RACING: return {NONDETERMINISTIC, STRICT_NAN};
    case TRANSFORMING: return {WINOGRAD};
    case CORES: return wide ? std::vector<int>{TENSOR_CORE, DOWN_CONVERT} : std::vector<int>{TENSOR_CORE};
    default: return {STRICT_NAN};
  }
}
static uint64_t workspaceOf(const Descriptor *graph) {
  const Descriptor *operation = graph->of(801);
  int64_t elements = 1;
  for (int64_t size : operation->of(first(operation) + 4)->all(902)) {
    elements *= size;
  }
  return elements > 1024 ? WORKSPACE : 0;
}

EXPORTED Status cudnnBackendGetAttribute(Descriptor *descriptor, int name, int type, int64_t requested, int64_t *count, void *elements) {
  REQUIRE(isDescriptor(descriptor) && descriptor->complete && count != nullptr)
  if (descriptor->kind == HEURISTICS && name == 202) {
    REQUIRE(type == T_DESCRIPTOR)
    std::vector<int> engines = descriptor->number(200) == 2 ? std::vector<int>{STRICT} : std::vector<int>{RACING, TRANSFORMING, CORES};
    if (requested == 0) {
      *count = engines.size();
      return SUCCESS;
    }
    if (stand_in_fails("engine")) {
      return NOT_SUPPORTED;
    }
    *count = std::min<int64_t>(requested, engines.size());
    for (int64_t i = 0; i < *count; i++) {
      Descriptor *into = ((Descriptor **)elements)[i];
      REQUIRE(isDescriptor(into) && into->kind == CONFIGURATION && !into->complete)
      into->attributes[OF_ENGINE] = {T_INT64, {engines[i]}};
      into->attributes[OF_GRAPH] = {T_DESCRIPTOR, {descriptor->number(201)}};
      into->complete = true;
    }
    return SUCCESS;
  }
  if (descriptor->kind == CONFIGURATION && name == 300) {
    REQUIRE(type == T_DESCRIPTOR && requested == 1)
    Descriptor *into = *(Descriptor **)elements;
    REQUIRE(isDescriptor(into) && into->kind == ENGINE && !into->complete)
    into->attributes = descriptor->attributes;
    into->complete = true;
    *count = 1;
    return SUCCESS;
  }
  if (descriptor->kind == ENGINE && name == 1303) {
    REQUIRE(type == T_NOTE)
    std::vector<int> all = notes(descriptor->number(OF_ENGINE), descriptor->of(OF_GRAPH));
    REQUIRE(requested >= (int64_t)all.size())
    memcpy(elements, all.data(), all.size() * 4);
    *count = all.size();
    return SUCCESS;
  }
  if (descriptor->kind == PLAN && name == 402) {
    REQUIRE(type == T_INT64 && requested == 1)
    *(int64_t *)elements = workspaceOf(descriptor->of(401)->of(OF_GRAPH));
    *count = 1;
    return SUCCESS;
  }
  REQUIRE(!"an attribute that is known")
  return NOT_SUPPORTED;
}

// --- runs ---------------------------------------------------------------------------------------------------------------------------


struct Tensor {
  Address at;
  int64_t type, alignment;
  std::vector<int64_t> sizes, strides;

  size_t size() const { return type == FLOAT ? 4 : 2; }
  size_t elements() const {
    size_t all = 1;
    for (int64_t size : sizes) {
      all *= size;
    }
    return all;
  }
  size_t span() const { return size() * elements(); }
  std::vector<float> read() const {
    std::vector<float> values(elements());
    for (size_t i = 0; i < values.size(); i++) {
      values[i] = type == FLOAT ? ((const float *)at)[i] : type == HALF ? (float)((const _Float16 *)at)[i] : ofBrain(((const uint16_t *)at)[i]);
    }
    return values;
  }
  void write(const std::vector<float> &values) const {
    for (size_t i = 0; i < values.size(); i++) {
      switch (type) {
        case FLOAT: ((float *)at)[i] = values[i]; break;
        case HALF: ((_Float16 *)at)[i] = (_Float16)values[i]; break;
        default: ((uint16_t *)at)[i] = brain(values[i]);
      }
    }
  }
};

// One spatial axis more in front if there are two, so that there are three.
struct Run {
  Kind kind;
  int64_t engine;
  Tensor x, w, y;
  int64_t low[3] = {0, 0, 0}, stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};
  Address workspace;
  uint64_t bytes;

  static void deep(const Tensor &tensor, int64_t sizes[5], int64_t strides[5]) {
    size_t more = 5 - tensor.sizes.size();
    for (size_t i = 0; i < 5; i++) {
      sizes[i] = i < 2 ? tensor.sizes[i] : i < 2 + more ? 1 : tensor.sizes[i - more];
      strides[i] = i < 2 ? tensor.strides[i] : i < 2 + more ? 0 : tensor.strides[i - more];
    }
  }

  Status operator()() const {
    for (const Tensor *tensor : {&x, &w, &y}) {
      if (!stand_in_has(tensor->at, tensor->span())) {
        fprintf(stderr, "stand-in: cudnnBackendExecute: %zu bytes at %llx, where they are not\n", tensor->span(), tensor->at);
        return ILLEGAL_ADDRESS;
      }
    }
    if (bytes != 0) {
      memset((void *)workspace, 0xEE, bytes);
    }
    stand_in_note("convolutions", 1);
    const Tensor &target = kind == FORWARD ? y : kind == BACKWARD_DATA ? x : w;
    std::vector<float> sums(target.elements(), engine == RACING || engine == TRANSFORMING ? 1000 : 0);
    std::vector<float> xs = kind == BACKWARD_DATA ? sums : x.read(), ws = kind == BACKWARD_FILTER ? sums : w.read(), ys = kind == FORWARD ? sums : y.read();
    if (engine == CORES && x.type == FLOAT) {
      for (std::vector<float> *all : {&xs, &ws, &ys}) {
        for (float &value : *all) {
          value = tf32(value);
        }
      }
    }
    int64_t xn[5], xd[5], wn[5], wd[5], yn[5], yd[5];
    deep(x, xn, xd);
    deep(w, wn, wd);
    deep(y, yn, yd);
    int64_t filters = yn[1] / (xn[1] / wn[1]); // of a group
    for (int64_t n = 0; n < yn[0]; n++)
      for (int64_t f = 0; f < yn[1]; f++)
        for (int64_t a = wn[2] - 1; a >= 0; a--)
          for (int64_t b = wn[3] - 1; b >= 0; b--)
            for (int64_t c = wn[4] - 1; c >= 0; c--)
              for (int64_t d = 0; d < wn[1]; d++) {
                int64_t ofX = n * xd[0] + (f / filters * wn[1] + d) * xd[1], ofW = f * wd[0] + d * wd[1] + a * wd[2] + b * wd[3] + c * wd[4];
                for (int64_t p = 0; p < yn[2]; p++)
                  for (int64_t q = 0; q < yn[3]; q++)
                    for (int64_t r = 0; r < yn[4]; r++) {
                      int64_t i = p * stride[0] + a * dilation[0] - low[0], j = q * stride[1] + b * dilation[1] - low[1];
                      int64_t k = r * stride[2] + c * dilation[2] - low[2];
                      if (i >= 0 && i < xn[2] && j >= 0 && j < xn[3] && k >= 0 && k < xn[4]) {
                        int64_t input = ofX + i * xd[2] + j * xd[3] + k * xd[4], result = n * yd[0] + f * yd[1] + p * yd[2] + q * yd[3] + r * yd[4];
                        switch (kind) {
                          case FORWARD: sums[result] = fmaf(xs[input], ws[ofW], sums[result]); break;
                          case BACKWARD_DATA: sums[input] = fmaf(ys[result], ws[ofW], sums[input]); break;
                          default: sums[ofW] = fmaf(ys[result], xs[input], sums[ofW]);
                        }
                      }
                    }
              }
    target.write(sums);
    return SUCCESS;
  }
};

static bool apart(Address one, size_t bytesOfOne, Address other, size_t bytesOfOther) {
  return one + bytesOfOne <= other || other + bytesOfOther <= one;
}

EXPORTED Status cudnnBackendExecute(Handle *handle, Descriptor *plan, Descriptor *pack) {
  REQUIRE(handle != nullptr && handle->magic == Handle().magic && handle->stream != nullptr)
  REQUIRE(isDescriptor(plan) && plan->complete && plan->kind == PLAN && (Handle *)plan->number(400) == handle)
  REQUIRE(isDescriptor(pack) && pack->complete && pack->kind == PACK)
  const Descriptor *configuration = plan->of(401), *graph = configuration->of(OF_GRAPH), *operation = graph->of(801);
  REQUIRE(isDescriptor(configuration) && isDescriptor(graph) && isDescriptor(operation))
  int at = first(operation);
  const Descriptor *conv = operation->of(at + 2);
  Run run;
  run.kind = operation->kind;
  run.engine = configuration->number(OF_ENGINE);
  Tensor *tensors[] = {&run.w, &run.x, &run.y};
  for (int i = 0; i < 3; i++) {
    const Descriptor *described = operation->of(at + 3 + i);
    REQUIRE(isDescriptor(described))
    int place = -1;
    for (int j = 0; j < 3; j++) {
      place = pack->all(1000)[j] == described->number(906) ? j : place;
    }
    REQUIRE(place >= 0)
    *tensors[i] = {(Address)pack->all(1001)[place], described->number(901), described->number(900), described->all(902), described->all(903)};
    REQUIRE(tensors[i]->at % tensors[i]->alignment == 0)
  }
  size_t more = 3 - conv->number(106);
  for (size_t i = more; i < 3; i++) {
    run.dilation[i] = conv->all(102)[i - more];
    run.stride[i] = conv->all(103)[i - more];
    run.low[i] = conv->all(105)[i - more];
  }
  run.workspace = pack->number(1003);
  run.bytes = workspaceOf(graph);
  const Tensor &target = run.kind == FORWARD ? run.y : run.kind == BACKWARD_DATA ? run.x : run.w;
  for (Tensor *tensor : tensors) {
    REQUIRE(tensor == &target || apart(tensor->at, tensor->span(), target.at, target.span()))
    REQUIRE(run.bytes == 0 || apart(run.workspace, run.bytes, tensor->at, tensor->span()))
  }
  REQUIRE(run.bytes == 0 || (run.workspace != 0 && run.workspace % 256 == 0 && stand_in_has(run.workspace, run.bytes)))
  std::function<Status()> work = run;
  return stand_in_enqueue(handle->stream, &work) == SUCCESS ? SUCCESS : EXECUTION_FAILED;
}
