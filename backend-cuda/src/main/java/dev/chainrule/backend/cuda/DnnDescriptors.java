package dev.chainrule.backend.cuda;

import java.util.ArrayList;
import java.util.List;

/** DnnDescriptors of cuDNN's that are given back together. Of the context's thread alone. */
final class DnnDescriptors implements AutoCloseable {

  private final Cudnn library;
  private final List<Long> all = new ArrayList<>();

  DnnDescriptors(Cudnn library) {
    this.library = library;
  }

  /** One that the library fills in. */
  long empty(int type) {
    long descriptor = library.cudnnBackendCreateDescriptor(type);
    all.add(descriptor);
    return descriptor;
  }

  /** So many that the library fills in. */
  List<Long> empty(int type, int count) {
    List<Long> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.add(empty(type));
    }
    return made;
  }

  /**
   * A complete one.
   *
   * @throws CudaException if the library does not take it
   */
  long of(int type, Cudnn.Attribute... attributes) {
    long descriptor = empty(type);
    for (Cudnn.Attribute attribute : attributes) {
      library.cudnnBackendSetAttribute(descriptor, attribute);
    }
    library.cudnnBackendFinalize(descriptor);
    return descriptor;
  }

  /** Leaves a descriptor to others. */
  void moveTo(DnnDescriptors others, long descriptor) {
    all.remove(descriptor);
    others.all.add(descriptor);
  }

  /** Gives back the last before those that it was made of. */
  @Override
  public void close() {
    while (!all.isEmpty()) {
      library.cudnnBackendDestroyDescriptor(all.removeLast());
    }
  }
}
