package dev.chainrule.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import dev.chainrule.Stability;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is for programs hands out no array and no collection whose change anybody else would see, and keeps none that it is given. */
class ArraysTest {

  /** Whatever returns an array; {@link #returnedArraysAreTheCallersOwn} shows that each is a copy. */
  private static final Set<String> RETURNING = Set.of(
      "HostArray.toFloatArray", "HostArray.toDoubleArray", "HostArray.toLongArray", "Shape.dims", "Shape.strides",
      "Tensor.toFloatArray", "Tensor.toDoubleArray", "Tensor.toLongArray");

  /** Whatever takes an array as one argument: {@code owning} takes it over, {@code shuffle} changes it, {@code of} copies it. */
  private static final Set<String> TAKING = Set.of("HostArray.owning", "HostRandom.shuffle", "Tensor.of");

  @TempDir
  private Path folder;

  /** But for those of interop-nd4j: ND4J is not on this module's class path. */
  private static Stream<Method> methods() {
    return Surface.ofPrograms().filter(c -> !c.getPackageName().startsWith("dev.chainrule.interop")).map(JavaClass::reflect)
        .flatMap(type -> Stream.of(type.getMethods()).filter(m -> m.getDeclaringClass().getName().startsWith("dev.chainrule"))
            .filter(m -> m.getDeclaringClass() == type || type == Tensor.class));
  }

  private static String name(Method method) {
    boolean ofTensors = !Modifier.isPublic(method.getDeclaringClass().getModifiers());
    return (ofTensors ? "Tensor" : method.getDeclaringClass().getSimpleName()) + "." + method.getName();
  }

  @Test
  void onlyKnownMethodsReturnArrays() {
    Set<String> found = new TreeSet<>();
    methods().filter(m -> m.getReturnType().isArray() && !(m.getDeclaringClass().isEnum() && m.getName().equals("values")))
        .forEach(m -> found.add(name(m)));
    assertEquals(new TreeSet<>(RETURNING), found);
  }

  @Test
  void onlyKnownMethodsTakeArraysThatAreNotArguments() {
    Set<String> found = new TreeSet<>();
    methods().filter(m -> Stream.of(m.getParameterTypes()).limit(m.getParameterCount() - (m.isVarArgs() ? 1 : 0)).anyMatch(Class::isArray))
        .forEach(m -> found.add(name(m)));
    assertEquals(new TreeSet<>(TAKING), found);
  }

  @Test
  void noRecordHasAnArray() {
    List<String> found = Surface.production().filter(c -> Surface.isVisible(c) && c.isRecord())
        .filter(c -> Surface.level(c).orElseThrow() != Stability.Level.INTERNAL).map(JavaClass::reflect)
        .filter(type -> Stream.of(type.getRecordComponents()).map(RecordComponent::getType).anyMatch(Class::isArray))
        .map(Class::getName).toList();
    assertEquals(List.of(), found);
  }

  @Test
  void returnedArraysAreTheCallersOwn() {
    Shape shape = Shape.of(2, 3);
    HostArray array = HostArray.ofFloats(TensorType.of(DType.F32, 3), 1, 2, 3);
    Tensor tensor = Tensor.of(array).eval();
    for (Function<Tensor, float[]> read : List.<Function<Tensor, float[]>>of(Tensor::toFloatArray, t -> array.toFloatArray())) {
      read.apply(tensor)[0] = 9;
      assertArrayEquals(new float[] {1, 2, 3}, read.apply(tensor));
    }
    for (Function<Tensor, double[]> read : List.<Function<Tensor, double[]>>of(Tensor::toDoubleArray, t -> array.toDoubleArray())) {
      read.apply(tensor)[0] = 9;
      assertArrayEquals(new double[] {1, 2, 3}, read.apply(tensor));
    }
    for (Function<Tensor, long[]> read : List.<Function<Tensor, long[]>>of(Tensor::toLongArray, t -> array.toLongArray())) {
      read.apply(tensor)[0] = 9;
      assertArrayEquals(new long[] {1, 2, 3}, read.apply(tensor));
    }
    shape.dims()[0] = 9;
    shape.strides()[0] = 9;
    assertArrayEquals(new long[] {2, 3}, shape.dims());
    assertArrayEquals(new long[] {3, 1}, shape.strides());
  }

  @Test
  void givenArraysAreCopied() {
    float[] floats = {1};
    double[] doubles = {1};
    int[] ints = {1};
    long[] longs = {1};
    boolean[] booleans = {true};
    TensorType one = TensorType.of(DType.F64, 1);
    List<Tensor> made = List.of(Tensor.of(floats), Tensor.of(doubles), Tensor.of(ints), Tensor.of(longs), Tensor.of(booleans),
        Tensor.of(HostArray.ofFloats(one, floats)), Tensor.of(HostArray.ofFloats(one.withDType(DType.F32), floats)),
        Tensor.of(HostArray.ofDoubles(one, doubles)), Tensor.of(HostArray.ofLongs(one, longs)));
    Shape shape = Shape.of(longs);
    Axes axes = Axes.of(ints);
    PoolOptions pool = PoolOptions.of(longs);
    Module[] layers = {new Relu()};
    var model = new Sequential(layers);
    floats[0] = 2;
    doubles[0] = 2;
    ints[0] = 2;
    longs[0] = 2;
    booleans[0] = false;
    layers[0] = new Sequential();
    made.forEach(tensor -> assertEquals(1, tensor.item()));
    assertEquals(Shape.of(1), shape);
    assertEquals(Axes.of(1), axes);
    assertEquals(PoolOptions.of(1), pool);
    assertTrue(model.layers().getFirst() instanceof Relu);
  }

  /** Whoever gets a collection cannot change it, or changes only their own. */
  @Test
  void returnedCollectionsAreNobodyElses() {
    var samples = new SampleArguments(folder);
    List<String> changed = new ArrayList<>();
    List<Method> read = methods().filter(m -> m.getParameterCount() == 0 && !Modifier.isStatic(m.getModifiers()))
        .filter(m -> !Modifier.isAbstract(m.getDeclaringClass().getModifiers()) && Modifier.isPublic(m.getDeclaringClass().getModifiers()))
        .filter(m -> Collection.class.isAssignableFrom(m.getReturnType()) || Map.class.isAssignableFrom(m.getReturnType())).toList();
    for (Method method : read) {
      Object owner = samples.of(method.getDeclaringClass());
      int before = size(call(method, owner));
      try {
        clear(call(method, owner));
      } catch (UnsupportedOperationException refused) {
        continue;
      }
      if (size(call(method, owner)) != before) {
        changed.add(name(method));
      }
    }
    assertEquals(List.of(), changed);
    assertTrue(read.size() > 20, read.size() + " methods");
  }

  private static Object call(Method method, Object owner) {
    try {
      return method.invoke(owner);
    } catch (InvocationTargetException | IllegalAccessException e) {
      throw new AssertionError(name(method), e);
    }
  }

  private static int size(Object collection) {
    return collection instanceof Map<?, ?> map ? map.size() : ((Collection<?>) collection).size();
  }

  private static void clear(Object collection) {
    if (collection instanceof Map<?, ?> map) {
      map.clear();
    } else {
      ((Collection<?>) collection).clear();
    }
  }
}
