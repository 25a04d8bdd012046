package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * NVIDIA's library of neural networks, {@code libcudnn} 9, through the foreign function interface: its graph API, which describes everything
 * by descriptors with attributes. Methods are named as the library's functions, constants as its enumerators. Handles, descriptors, and
 * addresses on the device, are numbers.
 */
final class Cudnn {

  static final String LIBRARY = "libcudnn.so.9";

  static final int CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR = 1;
  static final int CUDNN_BACKEND_ENGINE_DESCRIPTOR = 2;
  static final int CUDNN_BACKEND_ENGINECFG_DESCRIPTOR = 3;
  static final int CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR = 4;
  static final int CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR = 5;
  static final int CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR = 10;
  static final int CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR = 11;
  static final int CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR = 12;
  static final int CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR = 15;
  static final int CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR = 16;
  static final int CUDNN_BACKEND_TENSOR_DESCRIPTOR = 17;

  static final int CUDNN_ATTR_CONVOLUTION_COMP_TYPE = 100;
  static final int CUDNN_ATTR_CONVOLUTION_CONV_MODE = 101;
  static final int CUDNN_ATTR_CONVOLUTION_DILATIONS = 102;
  static final int CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES = 103;
  static final int CUDNN_ATTR_CONVOLUTION_POST_PADDINGS = 104;
  static final int CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS = 105;
  static final int CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS = 106;
  static final int CUDNN_ATTR_ENGINEHEUR_MODE = 200;
  static final int CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH = 201;
  static final int CUDNN_ATTR_ENGINEHEUR_RESULTS = 202;
  static final int CUDNN_ATTR_ENGINECFG_ENGINE = 300;
  static final int CUDNN_ATTR_EXECUTION_PLAN_HANDLE = 400;
  static final int CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG = 401;
  static final int CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE = 402;
  static final int CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA = 700;
  static final int CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA = 706;
  static final int CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA = 712;
  static final int CUDNN_ATTR_OPERATIONGRAPH_HANDLE = 800;
  static final int CUDNN_ATTR_OPERATIONGRAPH_OPS = 801;
  static final int CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT = 900;
  static final int CUDNN_ATTR_TENSOR_DATA_TYPE = 901;
  static final int CUDNN_ATTR_TENSOR_DIMENSIONS = 902;
  static final int CUDNN_ATTR_TENSOR_STRIDES = 903;
  static final int CUDNN_ATTR_TENSOR_UNIQUE_ID = 906;
  static final int CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS = 1000;
  static final int CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS = 1001;
  static final int CUDNN_ATTR_VARIANT_PACK_WORKSPACE = 1003;
  static final int CUDNN_ATTR_ENGINE_NUMERICAL_NOTE = 1303;

  static final int CUDNN_DATA_FLOAT = 0;
  static final int CUDNN_DATA_HALF = 2;
  static final int CUDNN_DATA_BFLOAT16 = 9;

  static final int CUDNN_CROSS_CORRELATION = 1;

  static final int CUDNN_HEUR_MODE_FALLBACK = 2;
  static final int CUDNN_HEUR_MODE_A = 3;

  static final int CUDNN_NUMERICAL_NOTE_TENSOR_CORE = 0;
  static final int CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS = 1;
  static final int CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP = 9;

  private static final int CUDNN_TYPE_BACKEND_DESCRIPTOR = 15;
  private static final int CUDNN_TYPE_NUMERICAL_NOTE = 11;
  private static final int CUDNN_TYPE_INT64 = 3;

  /** Statuses of what the library cannot do or no version for this GPU can begin here. */
  private static final int CUDNN_STATUS_NOT_SUPPORTED = 3000;

  private static final int CUDNN_STATUS_INTERNAL_ERROR = 4000;

  /** The function from a status to its name. */
  private static final String NAMING = "cudnnGetErrorString";

  /** More than there are kinds of notes. */
  private static final int MOST_NOTES = 64;

  private static final MethodHandle VERSION = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_LONG));
  private static final MethodHandle L = form(JAVA_LONG);
  private static final MethodHandle LL = form(JAVA_LONG, JAVA_LONG);
  private static final MethodHandle IL = form(JAVA_INT, JAVA_LONG);
  private static final MethodHandle LLL = form(JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SET = form(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle GET = form(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private final Library library;
  private final MemorySegment execute;

  /** What an attribute is made of: {@code CUDNN_TYPE_...}, and the bytes of an element. */
  enum Type {
    HANDLE(0, JAVA_LONG), DATA_TYPE(1, JAVA_INT), INT64(CUDNN_TYPE_INT64, JAVA_LONG), FLOAT(4, JAVA_FLOAT), VOID_PTR(6, JAVA_LONG),
    CONVOLUTION_MODE(7, JAVA_INT), HEUR_MODE(8, JAVA_INT), BACKEND_DESCRIPTOR(CUDNN_TYPE_BACKEND_DESCRIPTOR, JAVA_LONG);

    private final int code;

    @SuppressWarnings("ImmutableEnumChecker") // Layouts do not change.
    private final MemoryLayout element;

    Type(int code, MemoryLayout element) {
      this.code = code;
      this.element = element;
    }
  }

  /** An attribute's elements; those of floating types as the bits of f32. */
  record Attribute(int name, Type type, List<Long> elements) {
    static Attribute of(int name, Type type, long... elements) {
      return new Attribute(name, type, LongStream.of(elements).boxed().toList());
    }

    static Attribute integers(int name, List<Long> elements) {
      return new Attribute(name, Type.INT64, elements);
    }

    static Attribute number(int name, float value) {
      return of(name, Type.FLOAT, Float.floatToRawIntBits(value));
    }

    static Attribute descriptor(int name, long descriptor) {
      return of(name, Type.BACKEND_DESCRIPTOR, descriptor);
    }
  }

  /** @throws java.util.NoSuchElementException if the library lacks a function, as those before 8 do */
  Cudnn(Library library) {
    this.library = library;
    this.execute = library.function("cudnnBackendExecute");
  }

  /**
   * Opens the library if it is there.
   *
   * @throws IllegalArgumentException if the operating system cannot open it
   */
  static Optional<Cudnn> find(LibrarySearch search) {
    return search.open(List.of(LIBRARY)).map(Cudnn::new);
  }

  @SuppressWarnings("restricted") // native calls live here
  private static MethodHandle form(MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, parameters));
  }

  String path() {
    return library.path();
  }

  /** Such as {@code cudnn-9.5.1}. */
  String version() {
    long number;
    try {
      number = (long) VERSION.invokeExact(library.function("cudnnGetVersion"));
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    return "cudnn-%d.%d.%d".formatted(number / 10000, number / 100 % 100, number % 100);
  }

  /** Whether a failure says that the library cannot do it, rather than that it was asked wrongly or that something broke. */
  static boolean isRefusal(CudaException failure) {
    return failure.status() >= CUDNN_STATUS_NOT_SUPPORTED && failure.status() < CUDNN_STATUS_INTERNAL_ERROR;
  }

  /** On the thread with the context, for which the handle is. */
  long cudnnCreate() {
    return made("cudnnCreate", (function, out) -> (int) L.invokeExact(function, out));
  }

  void cudnnDestroy(long handle) {
    call("cudnnDestroy", function -> (int) L.invokeExact(function, handle));
  }

  void cudnnSetStream(long handle, long stream) {
    call("cudnnSetStream", function -> (int) LL.invokeExact(function, handle, stream));
  }

  long cudnnBackendCreateDescriptor(int type) {
    return made("cudnnBackendCreateDescriptor", (function, out) -> (int) IL.invokeExact(function, type, out));
  }

  void cudnnBackendSetAttribute(long descriptor, Attribute attribute) {
    try (Arena arena = Arena.ofConfined()) {
      List<Long> elements = attribute.elements;
      long bytes = attribute.type.element.byteSize();
      MemorySegment array = arena.allocate(bytes * elements.size(), Long.BYTES);
      for (int i = 0; i < elements.size(); i++) {
        if (bytes == Integer.BYTES) {
          array.setAtIndex(JAVA_INT, i, elements.get(i).intValue());
        } else {
          array.setAtIndex(JAVA_LONG, i, elements.get(i));
        }
      }
      call("cudnnBackendSetAttribute", function -> (int) SET.invokeExact(function, descriptor, attribute.name, attribute.type.code,
          (long) elements.size(), array.address()));
    }
  }

  void cudnnBackendFinalize(long descriptor) {
    call("cudnnBackendFinalize", function -> (int) L.invokeExact(function, descriptor));
  }

  void cudnnBackendDestroyDescriptor(long descriptor) {
    call("cudnnBackendDestroyDescriptor", function -> (int) L.invokeExact(function, descriptor));
  }

  /** How many descriptors an attribute has. */
  int cudnnBackendGetAttribute(long descriptor, int attribute) {
    return get(descriptor, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, MemorySegment.NULL);
  }

  /**
   * Has the library fill in descriptors, and says how many it has filled in.
   *
   * @param into descriptors of the kind in question, just created
   */
  int cudnnBackendGetAttribute(long descriptor, int attribute, List<Long> into) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocateFrom(JAVA_LONG, into.stream().mapToLong(Long::longValue).toArray());
      return get(descriptor, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, into.size(), array);
    }
  }

  /** An attribute that is one number. */
  long getInteger(long descriptor, int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_LONG);
      get(descriptor, attribute, CUDNN_TYPE_INT64, 1, value);
      return value.get(JAVA_LONG, 0);
    }
  }

  /** What the library says about an engine's arithmetic: {@code CUDNN_NUMERICAL_NOTE_...}. */
  List<Integer> getNotes(long engine) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment notes = arena.allocate(JAVA_INT, MOST_NOTES);
      int count = get(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, MOST_NOTES, notes);
      return notes.asSlice(0, (long) Math.min(count, MOST_NOTES) * Integer.BYTES).elements(JAVA_INT).map(note -> note.get(JAVA_INT, 0))
          .toList();
    }
  }

  private int get(long descriptor, int attribute, int type, long requested, MemorySegment elements) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_LONG);
      call("cudnnBackendGetAttribute", function -> (int) GET.invokeExact(function, descriptor, attribute, type, requested, count.address(),
          elements.address()));
      return Math.toIntExact(count.get(JAVA_LONG, 0));
    }
  }

  /** Enqueues what the plan is for, on the handle's stream. */
  void cudnnBackendExecute(long handle, long plan, long pack) {
    int status;
    try {
      status = (int) LLL.invokeExact(execute, handle, plan, pack);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    library.check("cudnnBackendExecute", status, NAMING);
  }

  // --- the forms of call -----------------------------------------------------------------------------------------------------------

  private long made(String function, Library.Creation creation) {
    return library.made(function, NAMING, creation);
  }

  private void call(String function, Library.Call call) {
    library.call(function, NAMING, call);
  }

  private static IllegalStateException broken(Throwable thrown) {
    return new IllegalStateException("[cuda] cuDNN could not be called", thrown);
  }
}
