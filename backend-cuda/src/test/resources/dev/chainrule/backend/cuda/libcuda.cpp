// Stands in for NVIDIA's driver, libcuda.so.1, on a machine without a GPU: device memory is memory of the host, a cubin is a shared
// object that libnvrtc.cpp made, each thread of a GPU is a fiber. What is enqueued is done when somebody waits for it and not before, so
// that a missing wait shows; copies alone when a test says so (stand_in_copy). Says nothing about cubins, warps, memory models or speed: those need a card.
//
// It checks what the driver or a card would: contexts, addresses, sizes, what may be done during a capture; fails when it is told to
// (stand_in_fail); and says what is left when the context goes (stand_in_count). Libraries that run on the driver, such as that of
// libcublasLt.cpp, enqueue their work through it and have their objects counted.

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

typedef int Status;
typedef unsigned long long Address;

enum {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_OUT_OF_RESOURCES = 701,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
  CAPTURE_INVALIDATED = 901,
  UNKNOWN = 999,
};

// --- what a machine has, and what shall fail ----------------------------------------------------------------------------------------

static std::recursive_mutex mutex;
#define ONE_AT_A_TIME std::lock_guard<std::recursive_mutex> guard(mutex)

static std::map<std::string, long> &settings() {
  static std::map<std::string, long> all = {{"version", 13000}, {"init", SUCCESS}, {"devices", 1}, {"capability", 90}, {"memory", 2L << 30}};
  return all;
}

static std::map<std::string, long> &failures() {
  static std::map<std::string, long> all;
  return all;
}

// Whether this is the call that shall fail.
static bool fails(const char *what) {
  auto found = failures().find(what);
  if (found == failures().end() || (found->second > 0 && --found->second > 0)) {
    return false;
  }
  if (found->second < 0 && ++found->second < 0) {
    return true;
  }
  failures().erase(found);
  return true;
}

// --- what the context has -----------------------------------------------------------------------------------------------------------

struct Stream;
struct Event {
  Stream *stream = nullptr;
  uint64_t ticket = 0;
};
typedef std::function<Status()> Work;
struct Graph;
struct Node {
  Graph *graph;
  size_t number;
};
struct Graph {
  std::vector<Work> nodes;
  std::deque<Node> handles; // of nodes that were added one by one
  std::map<size_t, size_t> children; // which of them are graphs, of how many nodes
};
struct Item {
  Work work;
  bool kernel;
  Stream *awaited = nullptr; // what has to be done there first
  uint64_t ticket = 0;
};
struct Stream {
  std::deque<Item> queue;
  uint64_t enqueued = 0, done = 0;
  Graph *capture = nullptr;
  bool invalidated = false;
};
struct Module {
  void *library;
};
struct Kernel {
  std::string name;
  void (*call)(void **);
  int arguments;
};

static bool initialised;
static long contexts;
static thread_local bool current;
static Status lost; // after a fatal error all calls give it
static std::map<Address, size_t> memory, pinned;
static std::set<Stream *> streams;
static std::set<Event *> events;
static std::map<Module *, std::vector<Kernel *>> modules;
static std::set<Graph *> graphs, executables;
static long launches, replays, updates, toDevice, toHost;
static std::map<std::string, long> ofLibraries = {{"objects", 0}, {"products", 0}, {"convolutions", 0}, {"mistakes", 0}}; // objects, and what was done

static long alive() {
  return ofLibraries["objects"] + (long)(memory.size() + pinned.size() + streams.size() + events.size() + modules.size() + graphs.size() + executables.size());
}

static Stream *capturing() {
  for (Stream *stream : streams) {
    if (stream->capture != nullptr) {
      return stream;
    }
  }
  return nullptr;
}

static Status usable() {
  if (!initialised) {
    return NOT_INITIALIZED;
  }
  if (lost != SUCCESS) {
    return lost;
  }
  if (fails("lost")) {
    return lost = UNKNOWN;
  }
  return current && contexts > 0 ? SUCCESS : INVALID_CONTEXT;
}
#define USABLE                        \
  ONE_AT_A_TIME;                      \
  if (Status status = usable()) {     \
    return status;                    \
  }
// What may not be done while a stream is captured, which it ends.
#define NOT_IN_CAPTURE                  \
  if (Stream *captured = capturing()) { \
    captured->invalidated = true;       \
    return CAPTURE_UNSUPPORTED;         \
  }
#define KNOWN(set, handle)        \
  if ((set).count(handle) == 0) { \
    return INVALID_HANDLE;        \
  }

// --- device memory ------------------------------------------------------------------------------------------------------------------

static const size_t SPACE = 64UL << 30, GRAIN = 256, FENCE = 256;
static const unsigned char FRESH = 0xCD, FREED = 0xDD, FENCED = 0xFD;
static std::map<Address, size_t> gaps;
static size_t taken;
static long overruns;

static Address space() {
  static Address start = [] {
    void *place = mmap(nullptr, SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    gaps[(Address)place] = SPACE;
    return (Address)place;
  }();
  return start;
}

static size_t whole(size_t bytes) { return (bytes + GRAIN - 1) / GRAIN * GRAIN + FENCE; }

static bool inside(const std::map<Address, size_t> &all, Address at, size_t bytes) {
  auto after = all.upper_bound(at);
  if (after == all.begin()) {
    return false;
  }
  --after;
  return at + bytes <= after->first + after->second;
}

static void checkFence(Address at, size_t bytes) {
  for (Address byte = at + bytes; byte < at + whole(bytes); byte++) {
    if (*(unsigned char *)byte != FENCED) {
      fprintf(stderr, "stand-in: memory of %zu bytes was written %llu bytes behind its end\n", bytes, byte - at - bytes);
      overruns++;
      return;
    }
  }
}

static void release(Address at) {
  size_t bytes = memory[at];
  checkFence(at, bytes);
  memory.erase(at);
  taken -= whole(bytes);
  memset((void *)at, FREED, bytes < 65536 ? bytes : 65536);
  auto gap = gaps.emplace(at, whole(bytes)).first;
  auto next = std::next(gap);
  if (next != gaps.end() && gap->first + gap->second == next->first) {
    gap->second += next->second;
    gaps.erase(next);
  }
  if (gap != gaps.begin()) {
    auto before = std::prev(gap);
    if (before->first + before->second == gap->first) {
      before->second += gap->second;
      gaps.erase(gap);
    }
  }
}

// --- streams ------------------------------------------------------------------------------------------------------------------------

static Status drain(Stream *stream, uint64_t ticket) {
  while (stream->done < ticket && lost == SUCCESS) {
    Item item = std::move(stream->queue.front());
    stream->queue.pop_front();
    stream->done++;
    Status status = item.work();
    if (status != SUCCESS) {
      lost = status;
    }
  }
  return lost;
}

static Status enqueue(Stream *stream, Item item) {
  if (stream->capture != nullptr) {
    stream->capture->nodes.push_back(std::move(item.work));
  } else {
    stream->queue.push_back(std::move(item));
    stream->enqueued++;
  }
  return SUCCESS;
}
static Status enqueue(Stream *stream, Work work) { return enqueue(stream, Item{std::move(work), false}); }

static bool waits(const Item &item) {
  return item.kernel || (item.awaited != nullptr && streams.count(item.awaited) != 0 && item.awaited->done < item.ticket);
}

// What a card has done when each stream is at a kernel that takes long: all that waits for none.
static Status copyAll() {
  for (bool more = true; more;) {
    more = false;
    for (Stream *stream : streams) {
      while (!stream->queue.empty() && !waits(stream->queue.front())) {
        if (Status status = drain(stream, stream->done + 1)) {
          return status;
        }
        more = true;
      }
    }
  }
  return SUCCESS;
}

static Status drainAll() {
  for (Stream *stream : streams) {
    if (Status status = drain(stream, stream->enqueued)) {
      return status;
    }
  }
  return SUCCESS;
}

// --- kernels ------------------------------------------------------------------------------------------------------------------------

struct Three {
  unsigned x, y, z;
};
struct Thread {
  Three thread, block, threads, blocks;
};
struct Fiber {
  void *stack_pointer = nullptr;
  char *stack = nullptr;
  Thread place;
  bool finished = true;
};

static const size_t STACK = 128 << 10;
extern "C" void stand_in_switch(void **from, void *to);
asm(R"(
.text
.globl stand_in_switch
.hidden stand_in_switch
.type stand_in_switch,@function
stand_in_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
)");

static Thread *here;
static void *scheduler;
static Fiber *running;
static void (*called)(void **);
static void **given;

static void fiber() {
  for (;;) {
    called(given);
    running->finished = true;
    stand_in_switch(&running->stack_pointer, scheduler);
  }
}

static void barrier() { stand_in_switch(&running->stack_pointer, scheduler); }

static void resume(Fiber *next) {
  running = next;
  here = &next->place;
  stand_in_switch(&scheduler, next->stack_pointer);
}

static std::vector<Fiber *> idle;

static Fiber *idleFiber() {
  if (idle.empty()) {
    Fiber *made = new Fiber;
    made->stack = (char *)mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void **top = (void **)(made->stack + STACK);
    *--top = nullptr;
    *--top = (void *)fiber;
    for (int i = 0; i < 6; i++) {
      *--top = nullptr;
    }
    made->stack_pointer = top;
    idle.push_back(made);
  }
  Fiber *fiber = idle.back();
  idle.pop_back();
  fiber->finished = false;
  return fiber;
}

// The threads of a block one after the other, as far as they come; those that wait at a barrier go on together.
static Status block(const Kernel *kernel, Three number, Three blocks, Three threads) {
  std::vector<Fiber *> waiting;
  unsigned count = threads.x * threads.y * threads.z, finished = 0;
  for (unsigned t = 0; t < count; t++) {
    Fiber *fiber = idleFiber();
    fiber->place = {{t % threads.x, t / threads.x % threads.y, t / (threads.x * threads.y)}, number, threads, blocks};
    resume(fiber);
    if (fiber->finished) {
      idle.push_back(fiber);
      finished++;
    } else {
      waiting.push_back(fiber);
    }
  }
  while (!waiting.empty()) {
    if (finished != 0) {
      fprintf(stderr, "stand-in: of %u threads of %s %u have ended while others wait at a barrier\n", count, kernel->name.c_str(), finished);
      return LAUNCH_FAILED;
    }
    std::vector<Fiber *> still;
    for (Fiber *fiber : waiting) {
      resume(fiber);
      if (fiber->finished) {
        idle.push_back(fiber);
        finished++;
      } else {
        still.push_back(fiber);
      }
    }
    waiting = still;
  }
  return SUCCESS;
}

static Status execute(const Kernel *kernel, Three blocks, Three threads, std::vector<Address> values) {
  if (fails("async")) {
    return LAUNCH_FAILED;
  }
  std::vector<void *> arguments;
  for (Address &value : values) {
    if (value - space() < SPACE && !inside(memory, value, 1)) {
      fprintf(stderr, "stand-in: %s was given the address %llx, where no memory is\n", kernel->name.c_str(), value);
      return ILLEGAL_ADDRESS;
    }
    arguments.push_back(&value);
  }
  launches++;
  called = kernel->call;
  given = arguments.data();
  for (unsigned z = 0; z < blocks.z; z++) {
    for (unsigned y = 0; y < blocks.y; y++) {
      for (unsigned x = 0; x < blocks.x; x++) {
        if (Status status = block(kernel, {x, y, z}, blocks, threads)) {
          return status;
        }
      }
    }
  }
  return SUCCESS;
}

#define EXPORTED extern "C" __attribute__((visibility("default")))

// --- for tests ----------------------------------------------------------------------------------------------------------------------

// The number-th of such calls from now on fails, of a negative number so many from the next on; kinds are alloc, pinned, module, launch,
// graph and graph memory, async, lost, products and
// convolutions (the library does not start), algorithm, engine and plan (it has none).
EXPORTED void stand_in_fail(const char *kind, long number) {
  ONE_AT_A_TIME;
  failures()[kind] = number;
}
EXPORTED void stand_in_set(const char *what, long value) {
  ONE_AT_A_TIME;
  settings()[what] = value;
}
// Lets time pass in which copies are done, and kernels, of which each takes long, are not.
EXPORTED int stand_in_copy() {
  ONE_AT_A_TIME;
  return copyAll();
}
// How much there is of memory, pinned, streams, events, modules, graphs (executables included), all; how many launches, replays, updates of nodes, overruns,
// and how many copies to the device and to the host have been done.
EXPORTED long stand_in_count(const char *what) {
  ONE_AT_A_TIME;
  std::string name = what;
  return name == "memory" ? (long)memory.size() : name == "pinned" ? (long)pinned.size() : name == "streams" ? (long)streams.size()
      : name == "events" ? (long)events.size() : name == "modules" ? (long)modules.size()
      : name == "graphs" ? (long)(graphs.size() + executables.size()) : name == "all" ? alive() : name == "contexts" ? contexts
      : ofLibraries.count(name) != 0 ? ofLibraries[name] : name == "launches" ? launches : name == "replays" ? replays : name == "updates" ? updates : name == "overruns" ? overruns
      : name == "to device" ? toDevice : name == "to host" ? toHost : -1;
}

// --- for libraries that run on the driver -------------------------------------------------------------------------------------------

EXPORTED Status stand_in_usable() {
  USABLE
  return SUCCESS;
}
EXPORTED bool stand_in_has(Address at, size_t bytes) {
  ONE_AT_A_TIME;
  return inside(memory, at, bytes);
}
EXPORTED Status stand_in_enqueue(Stream *stream, std::function<Status()> *work) {
  USABLE
  KNOWN(streams, stream)
  if (fails("launch")) {
    return LAUNCH_OUT_OF_RESOURCES;
  }
  Work copy = *work;
  return enqueue(stream, Item{[=] { return fails("async") ? (Status)LAUNCH_FAILED : copy(); }, true});
}
EXPORTED bool stand_in_fails(const char *what) {
  ONE_AT_A_TIME;
  return fails(what);
}
EXPORTED long stand_in_setting(const char *what) {
  ONE_AT_A_TIME;
  return settings()[what];
}
EXPORTED void stand_in_note(const char *what, long change) {
  ONE_AT_A_TIME;
  ofLibraries[what] += change;
}

__attribute__((constructor)) static void readEnvironment() {
  const char *text = getenv("CHAINRULE_STAND_IN");
  char key[32];
  long value;
  for (int read; text != nullptr && sscanf(text, "%31[a-z]=%ld%n", key, &value, &read) == 2; text += text[read] == ',' ? read + 1 : read) {
    (strcmp(key, "alloc") * strcmp(key, "launch") * strcmp(key, "graph") * strcmp(key, "async") * strcmp(key, "lost") == 0 ? failures() : settings())[key] = value;
  }
}
__attribute__((destructor)) static void reportLeaks() {
  if (alive() > 0) {
    fprintf(stderr, "stand-in: at exit there are %zu pieces of memory, %zu of pinned memory, %zu streams, %zu events, %zu modules, %zu graphs\n",
        memory.size(), pinned.size(), streams.size(), events.size(), modules.size(), graphs.size() + executables.size());
  }
}

// --- driver, devices, contexts ------------------------------------------------------------------------------------------------------

EXPORTED Status cuInit(unsigned) {
  ONE_AT_A_TIME;
  Status status = (Status)settings()["init"];
  initialised = status == SUCCESS;
  return status;
}
EXPORTED Status cuDriverGetVersion(int *version) {
  *version = (int)settings()["version"];
  return SUCCESS;
}
EXPORTED Status cuDeviceGetCount(int *count) {
  *count = (int)settings()["devices"];
  return initialised ? SUCCESS : NOT_INITIALIZED;
}
EXPORTED Status cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < settings()["devices"] ? SUCCESS : INVALID_DEVICE;
}
EXPORTED Status cuDeviceGetName(char *name, int bytes, int) {
  snprintf(name, bytes, "Stand-in");
  return SUCCESS;
}
EXPORTED Status cuDeviceGetAttribute(int *value, int attribute, int) {
  long capability = settings()["capability"];
  switch (attribute) {
    case 16: *value = 2; return SUCCESS;
    case 75: *value = (int)capability / 10; return SUCCESS;
    case 76: *value = (int)capability % 10; return SUCCESS;
    default: return INVALID_VALUE;
  }
}
EXPORTED Status cuDeviceTotalMem_v2(size_t *bytes, int) {
  *bytes = settings()["memory"];
  return SUCCESS;
}
EXPORTED Status cuDevicePrimaryCtxRetain(void **context, int) {
  ONE_AT_A_TIME;
  *context = &contexts;
  contexts++;
  return initialised ? SUCCESS : NOT_INITIALIZED;
}
static void clear() {
  while (!memory.empty()) {
    release(memory.begin()->first);
  }
  for (auto &[at, bytes] : pinned) {
    free((void *)at);
  }
  pinned.clear();
  streams.clear();
  events.clear();
  modules.clear();
  graphs.clear();
  executables.clear();
}
EXPORTED Status cuDevicePrimaryCtxRelease_v2(int) {
  ONE_AT_A_TIME;
  if (contexts == 0) {
    return INVALID_CONTEXT;
  }
  contexts--;
  return SUCCESS;
}
EXPORTED Status cuDevicePrimaryCtxReset_v2(int) {
  ONE_AT_A_TIME;
  lost = SUCCESS;
  clear();
  ofLibraries["objects"] = 0; // a handle of a library cannot be given back once its context is lost
  return SUCCESS;
}
EXPORTED Status cuCtxSetCurrent(void *context) {
  current = context != nullptr;
  return SUCCESS;
}
EXPORTED Status cuGetErrorName(Status status, const char **name) {
  switch (status) {
    case SUCCESS: *name = "CUDA_SUCCESS"; break;
    case INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; break;
    case OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case NO_DEVICE: *name = "CUDA_ERROR_NO_DEVICE"; break;
    case INVALID_IMAGE: *name = "CUDA_ERROR_INVALID_IMAGE"; break;
    case INVALID_CONTEXT: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
    case INVALID_HANDLE: *name = "CUDA_ERROR_INVALID_HANDLE"; break;
    case NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
    case ILLEGAL_ADDRESS: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    case LAUNCH_OUT_OF_RESOURCES: *name = "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"; break;
    case LAUNCH_FAILED: *name = "CUDA_ERROR_LAUNCH_FAILED"; break;
    case CAPTURE_UNSUPPORTED: *name = "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"; break;
    case CAPTURE_INVALIDATED: *name = "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"; break;
    case UNKNOWN: *name = "CUDA_ERROR_UNKNOWN"; break;
    default: *name = nullptr; return INVALID_VALUE;
  }
  return SUCCESS;
}
EXPORTED Status cuGetErrorString(Status status, const char **text) {
  *text = status == OUT_OF_MEMORY ? "out of memory" : "as the stand-in was told, or found";
  return SUCCESS;
}

// --- memory -------------------------------------------------------------------------------------------------------------------------

EXPORTED Status cuMemAlloc_v2(Address *out, size_t bytes) {
  USABLE NOT_IN_CAPTURE
  if (bytes == 0) {
    return INVALID_VALUE;
  }
  space();
  if (fails("alloc") || taken + whole(bytes) > (size_t)settings()["memory"]) {
    return OUT_OF_MEMORY;
  }
  auto gap = gaps.begin();
  while (gap != gaps.end() && gap->second < whole(bytes)) {
    ++gap;
  }
  if (gap == gaps.end()) {
    return OUT_OF_MEMORY;
  }
  Address at = gap->first;
  size_t left = gap->second - whole(bytes);
  gaps.erase(gap);
  if (left > 0) {
    gaps[at + whole(bytes)] = left;
  }
  memset((void *)at, FRESH, bytes);
  memset((void *)(at + bytes), FENCED, whole(bytes) - bytes);
  memory[at] = bytes;
  taken += whole(bytes);
  *out = at;
  return SUCCESS;
}
EXPORTED Status cuMemFree_v2(Address at) {
  USABLE NOT_IN_CAPTURE
  if (memory.count(at) == 0) {
    return INVALID_VALUE;
  }
  if (Status status = drainAll()) {
    return status;
  }
  release(at);
  return SUCCESS;
}
EXPORTED Status cuMemGetInfo_v2(size_t *available, size_t *total) {
  USABLE
  *total = settings()["memory"];
  *available = *total - taken;
  return SUCCESS;
}
EXPORTED Status cuMemHostAlloc(void **out, size_t bytes, unsigned) {
  USABLE NOT_IN_CAPTURE
  if (fails("pinned") || posix_memalign(out, 4096, bytes) != 0) {
    return OUT_OF_MEMORY;
  }
  memset(*out, FRESH, bytes);
  pinned[(Address)*out] = bytes;
  return SUCCESS;
}
EXPORTED Status cuMemFreeHost(void *at) {
  USABLE NOT_IN_CAPTURE
  if (pinned.erase((Address)at) == 0) {
    return INVALID_VALUE;
  }
  free(at);
  return SUCCESS;
}

static Status copied(void *to, const void *from, size_t bytes, Address device, Address host) {
  if (!inside(memory, device, bytes) || !inside(pinned, host, bytes)) {
    fprintf(stderr, "stand-in: a copy of %zu bytes between %llx and %llx, where no such memory is\n", bytes, device, host);
    return ILLEGAL_ADDRESS;
  }
  memcpy(to, from, bytes);
  return SUCCESS;
}
// Host memory has to be pinned, since copies from other memory wait.
static Status enqueueCopy(Stream *stream, void *to, const void *from, size_t bytes, Address device, Address host, long *count) {
  KNOWN(streams, stream)
  if (!inside(memory, device, bytes) || !inside(pinned, host, bytes)) {
    return INVALID_VALUE;
  }
  return enqueue(stream, [=] {
    ++*count;
    return copied(to, from, bytes, device, host);
  });
}
EXPORTED Status cuMemcpyHtoDAsync_v2(Address device, const void *host, size_t bytes, Stream *stream) {
  USABLE
  return enqueueCopy(stream, (void *)device, host, bytes, device, (Address)host, &toDevice);
}
EXPORTED Status cuMemcpyDtoDAsync_v2(Address target, Address source, size_t bytes, Stream *stream) {
  USABLE
  KNOWN(streams, stream)
  if (!inside(memory, target, bytes) || !inside(memory, source, bytes)) {
    return INVALID_VALUE;
  }
  return enqueue(stream, [=] {
    if (!inside(memory, target, bytes) || !inside(memory, source, bytes)) {
      return (Status)ILLEGAL_ADDRESS;
    }
    memmove((void *)target, (const void *)source, bytes);
    return (Status)SUCCESS;
  });
}
EXPORTED Status cuMemcpyDtoHAsync_v2(void *host, Address device, size_t bytes, Stream *stream) {
  USABLE
  return enqueueCopy(stream, host, (const void *)device, bytes, device, (Address)host, &toHost);
}
EXPORTED Status cuMemsetD32Async(Address device, unsigned value, size_t words, Stream *stream) {
  USABLE
  KNOWN(streams, stream)
  if (!inside(memory, device, 4 * words)) {
    return INVALID_VALUE;
  }
  return enqueue(stream, [=] {
    for (size_t i = 0; i < words; i++) {
      ((unsigned *)device)[i] = value;
    }
    return SUCCESS;
  });
}

// --- streams and events -------------------------------------------------------------------------------------------------------------

EXPORTED Status cuStreamCreate(Stream **out, unsigned) {
  USABLE
  streams.insert(*out = new Stream);
  return SUCCESS;
}
EXPORTED Status cuStreamDestroy_v2(Stream *stream) {
  USABLE
  KNOWN(streams, stream)
  Status status = drain(stream, stream->enqueued);
  for (Event *event : events) {
    event->stream = event->stream == stream ? nullptr : event->stream;
  }
  streams.erase(stream);
  delete stream;
  return status;
}
EXPORTED Status cuStreamSynchronize(Stream *stream) {
  USABLE NOT_IN_CAPTURE
  KNOWN(streams, stream)
  return drain(stream, stream->enqueued);
}
EXPORTED Status cuCtxSynchronize() {
  USABLE NOT_IN_CAPTURE
  return drainAll();
}
EXPORTED Status cuEventCreate(Event **out, unsigned) {
  USABLE
  events.insert(*out = new Event);
  return SUCCESS;
}
EXPORTED Status cuEventDestroy_v2(Event *event) {
  USABLE
  KNOWN(events, event)
  events.erase(event);
  delete event;
  return SUCCESS;
}
EXPORTED Status cuEventRecord(Event *event, Stream *stream) {
  USABLE
  KNOWN(streams, stream)
  KNOWN(events, event)
  if (stream->capture != nullptr) {
    stream->invalidated = true;
    return CAPTURE_UNSUPPORTED;
  }
  *event = {stream, stream->enqueued};
  return SUCCESS;
}
EXPORTED Status cuEventSynchronize(Event *event) {
  USABLE NOT_IN_CAPTURE
  KNOWN(events, event)
  return event->stream == nullptr ? SUCCESS : drain(event->stream, event->ticket);
}
EXPORTED Status cuStreamWaitEvent(Stream *stream, Event *event, unsigned) {
  USABLE
  KNOWN(streams, stream)
  KNOWN(events, event)
  if (stream->capture != nullptr) {
    stream->invalidated = true;
    return CAPTURE_UNSUPPORTED;
  }
  Event then = *event;
  Work wait = [=] { return streams.count(then.stream) == 0 ? SUCCESS : drain(then.stream, then.ticket); };
  return then.stream == nullptr ? SUCCESS : enqueue(stream, Item{wait, false, then.stream, then.ticket});
}

// --- modules and launches -----------------------------------------------------------------------------------------------------------

EXPORTED Status cuModuleLoadData(Module **out, const void *image) {
  USABLE NOT_IN_CAPTURE
  if (fails("module")) {
    return OUT_OF_MEMORY;
  }
  const Elf64_Ehdr *head = (const Elf64_Ehdr *)image;
  if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
    return INVALID_IMAGE;
  }
  char path[] = "/tmp/chainrule-stand-in-XXXXXX";
  int file = mkstemp(path);
  size_t bytes = head->e_shoff + (size_t)head->e_shnum * head->e_shentsize;
  bool written = file >= 0 && write(file, image, bytes) == (ssize_t)bytes;
  close(file);
  void *library = written ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
  unlink(path);
  if (library == nullptr) {
    fprintf(stderr, "stand-in: %s\n", dlerror());
    return INVALID_IMAGE;
  }
  *(Thread ***)dlsym(library, "chainrule_here") = &here;
  *(void (**)())dlsym(library, "chainrule_at_barrier") = barrier;
  modules[*out = new Module{library}];
  return SUCCESS;
}
EXPORTED Status cuModuleUnload(Module *module) {
  USABLE
  KNOWN(modules, module)
  Status status = drainAll();
  for (Kernel *kernel : modules[module]) {
    delete kernel;
  }
  dlclose(module->library);
  modules.erase(module);
  delete module;
  return status;
}
EXPORTED Status cuModuleGetFunction(Kernel **out, Module *module, const char *name) {
  USABLE
  KNOWN(modules, module)
  void *call = dlsym(module->library, ("call_" + std::string(name)).c_str());
  void *arguments = dlsym(module->library, ("arguments_" + std::string(name)).c_str());
  if (call == nullptr || arguments == nullptr) {
    return NOT_FOUND;
  }
  modules[module].push_back(*out = new Kernel{name, (void (*)(void **))call, *(const int *)arguments});
  return SUCCESS;
}
// The work of a launch, with its arguments copied as the driver does.
static Status launched(Work *out, const Kernel *kernel, Three blocks, Three threads, unsigned shared, void **arguments) {
  if (blocks.x * blocks.y * blocks.z == 0 || threads.x * threads.y * threads.z == 0 || threads.x * threads.y * threads.z > 1024 || shared != 0) {
    return INVALID_VALUE;
  }
  std::vector<Address> values;
  for (int i = 0; i < kernel->arguments; i++) {
    values.push_back(*(Address *)arguments[i]);
  }
  *out = [=] { return execute(kernel, blocks, threads, values); };
  return SUCCESS;
}
EXPORTED Status cuLaunchKernel(Kernel *kernel, unsigned bx, unsigned by, unsigned bz, unsigned tx, unsigned ty, unsigned tz, unsigned shared,
    Stream *stream, void **arguments, void **) {
  USABLE
  KNOWN(streams, stream)
  if (fails("launch")) {
    return LAUNCH_OUT_OF_RESOURCES;
  }
  Work work;
  Status status = launched(&work, kernel, {bx, by, bz}, {tx, ty, tz}, shared, arguments);
  return status != SUCCESS ? status : enqueue(stream, Item{work, true});
}

// --- graphs -------------------------------------------------------------------------------------------------------------------------

struct KernelNode { // CUDA_KERNEL_NODE_PARAMS_v2
  Kernel *kernel;
  Three blocks, threads;
  unsigned shared;
  void **arguments, **extra;
  void *other, *context;
};
EXPORTED Status cuGraphCreate(Graph **out, unsigned flags) {
  USABLE
  graphs.insert(*out = new Graph);
  return flags == 0 ? SUCCESS : INVALID_VALUE;
}
// Nodes are done in the order in which they were added, so each has to wait for the one before: a card would do them at the same time.
static bool chained(const Graph *graph, Node *const *after, size_t count) {
  return graph->handles.empty() ? count == 0 : count == 1 && after[0] == &graph->handles.back();
}
EXPORTED Status cuGraphAddKernelNode_v2(Node **out, Graph *graph, Node *const *after, size_t count, const KernelNode *node) {
  USABLE
  KNOWN(graphs, graph)
  Work work;
  if (!chained(graph, after, count) || node->extra != nullptr || node->other != nullptr) {
    return INVALID_VALUE;
  }
  if (Status status = launched(&work, node->kernel, node->blocks, node->threads, node->shared, node->arguments)) {
    return status;
  }
  graph->handles.push_back({graph, graph->nodes.size()});
  graph->nodes.push_back(work);
  *out = &graph->handles.back();
  return SUCCESS;
}
EXPORTED Status cuGraphExecKernelNodeSetParams_v2(Graph *executable, Node *node, const KernelNode *parameters) {
  USABLE
  KNOWN(executables, executable)
  KNOWN(graphs, node->graph)
  if (fails("update")) {
    return INVALID_VALUE;
  }
  updates++;
  return launched(&executable->nodes.at(node->number), parameters->kernel, parameters->blocks, parameters->threads, parameters->shared,
      parameters->arguments);
}
static Work allOf(const Graph *graph) {
  std::vector<Work> nodes = graph->nodes;
  return [=] {
    for (const Work &node : nodes) {
      if (Status status = node()) {
        return status;
      }
    }
    return (Status)SUCCESS;
  };
}
EXPORTED Status cuGraphAddChildGraphNode(Node **out, Graph *graph, Node *const *after, size_t count, Graph *child) {
  USABLE
  KNOWN(graphs, graph)
  KNOWN(graphs, child)
  if (!chained(graph, after, count)) {
    return INVALID_VALUE;
  }
  graph->children[graph->nodes.size()] = child->nodes.size();
  graph->handles.push_back({graph, graph->nodes.size()});
  graph->nodes.push_back(allOf(child));
  *out = &graph->handles.back();
  return SUCCESS;
}
// With the same nodes, of which the stand-in sees how many there are.
EXPORTED Status cuGraphExecChildGraphNodeSetParams(Graph *executable, Node *node, Graph *child) {
  USABLE
  KNOWN(executables, executable)
  KNOWN(graphs, node->graph)
  KNOWN(graphs, child)
  auto known = executable->children.find(node->number);
  if (known == executable->children.end() || known->second != child->nodes.size()) {
    return INVALID_VALUE;
  }
  updates++;
  executable->nodes.at(node->number) = allOf(child);
  return SUCCESS;
}
EXPORTED Status cuStreamBeginCapture_v2(Stream *stream, int) {
  USABLE NOT_IN_CAPTURE
  KNOWN(streams, stream)
  stream->capture = new Graph;
  stream->invalidated = false;
  return SUCCESS;
}
EXPORTED Status cuStreamEndCapture(Stream *stream, Graph **out) {
  USABLE
  KNOWN(streams, stream)
  if (stream->capture == nullptr) {
    return INVALID_VALUE;
  }
  Graph *graph = stream->capture;
  stream->capture = nullptr;
  if (stream->invalidated) {
    delete graph;
    *out = nullptr;
    return CAPTURE_INVALIDATED;
  }
  graphs.insert(*out = graph);
  return SUCCESS;
}
EXPORTED Status cuGraphInstantiateWithFlags(Graph **out, Graph *graph, unsigned long long) {
  USABLE
  KNOWN(graphs, graph)
  if (fails("graph")) {
    return INVALID_VALUE;
  }
  if (fails("graph memory")) {
    return OUT_OF_MEMORY;
  }
  executables.insert(*out = new Graph(*graph));
  return SUCCESS;
}
EXPORTED Status cuGraphLaunch(Graph *executable, Stream *stream) {
  USABLE
  KNOWN(executables, executable)
  KNOWN(streams, stream)
  if (fails("launch")) {
    return LAUNCH_OUT_OF_RESOURCES;
  }
  Work nodes = allOf(executable);
  Work replay = [=] {
    replays++;
    return nodes();
  };
  return enqueue(stream, Item{replay, true});
}
EXPORTED Status cuGraphDestroy(Graph *graph) {
  USABLE
  KNOWN(graphs, graph)
  graphs.erase(graph);
  delete graph;
  return SUCCESS;
}
EXPORTED Status cuGraphExecDestroy(Graph *executable) {
  USABLE
  KNOWN(executables, executable)
  executables.erase(executable);
  delete executable;
  return SUCCESS;
}
