/*
 * Runs kernels of the host's dialect: the groups one after the other, the threads of a group one after the other too, or, where they wait
 * for one another, each with a stack of its own, going on to the next one at a barrier. Thread by thread, in order: what a race would
 * change is the same at every run.
 */

#include <ucontext.h>
#include <cstdlib>

extern "C" {
thread_local Where *here;
}

namespace {

const int THREADS = 256;
const size_t STACK = 64 * 1024;

/* What a call has of a kernel: takes buffers and offsets. */
typedef void (*Call)(void *const *, const i64 *);

struct Fiber {
  ucontext_t context;
  Where where;
  bool done;
};

Fiber fibers[THREADS];
ucontext_t scheduler;
int current;
Call call;
void *const *buffers;
const i64 *offsets;

void run_fiber() {
  call(buffers, offsets);
  fibers[current].done = true;
}

}  // namespace

extern "C" void reach_barrier(void) { swapcontext(&fibers[current].context, &scheduler); }

/* 0, or 1 if some threads of a group have waited for others that had ended. */
extern "C" int run_kernel(Call kernel, i64 groups, int waits, void *const *b, const i64 *o) {
  static char *stacks = (char *)malloc(THREADS * STACK);
  call = kernel;
  buffers = b;
  offsets = o;
  for (i64 group = 0; group < groups; group++) {
    for (int t = 0; t < THREADS; t++) {
      fibers[t].where = Where{group, groups, t};
      if (!waits) {
        here = &fibers[t].where;
        call(b, o);
        continue;
      }
      fibers[t].done = false;
      getcontext(&fibers[t].context);
      fibers[t].context.uc_stack.ss_sp = stacks + t * STACK;
      fibers[t].context.uc_stack.ss_size = STACK;
      fibers[t].context.uc_link = &scheduler;
      makecontext(&fibers[t].context, run_fiber, 0);
    }
    for (int left = waits ? THREADS : 0; left > 0;) {
      int ended = 0;
      for (current = 0; current < THREADS; current++) {
        if (!fibers[current].done) {
          here = &fibers[current].where;
          swapcontext(&scheduler, &fibers[current].context);
          ended += fibers[current].done;
        }
      }
      if (ended != 0 && ended != left) {
        return 1;
      }
      left -= ended;
    }
  }
  return 0;
}
