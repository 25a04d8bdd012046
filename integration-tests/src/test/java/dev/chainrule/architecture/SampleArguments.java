package dev.chainrule.architecture;

import dev.chainrule.autograd.GradientCheck;
import dev.chainrule.data.Batch;
import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.datasets.CsvTable;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Json;
import dev.chainrule.nn.Initializer;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Metrics;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.GradientAccumulation;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.schedule.Work;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Loss;
import dev.chainrule.train.Metric;
import dev.chainrule.train.Step;
import dev.chainrule.train.Trainer;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.io.StringReader;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** An argument of any type that the API takes. */
final class SampleArguments {

  private static final Set<Class<?>> LISTS = Set.of(List.class, Collection.class, Iterable.class);

  private final Map<Class<?>, Supplier<Object>> known = new LinkedHashMap<>();

  SampleArguments(Path folder) {
    TensorType square = TensorType.of(DType.F32, 4, 4);
    put(Tensor.class, () -> Tensor.ones(square));
    put(HostArray.class, () -> HostArray.zeros(square));
    put(Shape.class, square::shape);
    put(TensorType.class, () -> square);
    put(Axes.class, () -> Axes.of(0));
    put(HostRandom.class, () -> new HostRandom(1));
    put(Variable.class, () -> Variable.of("w", HostArray.zeros(square), true));
    put(Linear.class, () -> new Linear(4, 4));
    put(Module.class, () -> new Linear(4, 4));
    put(Sequential.class, () -> new Sequential(new Linear(4, 4)));
    put(Initializer.class, Initializer::zeros);
    put(Loss.class, () -> (Loss) Losses::crossEntropy);
    put(Metric.class, () -> new Metric("accuracy", Metrics::accuracy));
    put(Schedule.class, () -> Schedule.constant(0.1));
    put(Optimizer.class, this::sgd);
    put(Sgd.class, this::sgd);
    put(Adam.class, () -> new Adam(new Linear(4, 4).parameters(), Schedule.constant(0.1)));
    put(GradientAccumulation.class, () -> new GradientAccumulation(sgd(), 2));
    put(Dataset.class, SampleArguments::dataset);
    put(DataLoader.class, () -> DataLoader.of(dataset(), 2));
    put(Batch.class, () -> new Batch(List.of(HostArray.zeros(square)), 4));
    put(Step.class, () -> Step.evaluation(in -> in));
    put(Step.Function.class, () -> (Step.Function) in -> in);
    put(Trainer.class, () -> Trainer.of(new Linear(4, 4), Losses::crossEntropy, sgd()));
    put(RandomStream.class, () -> RandomStream.of(1));
    put(CompositeFunction.class, () -> new CompositeFunction("same", (in, _) -> in, Optional.empty()));
    put(GradientCheck.Report.class, () -> new GradientCheck.Report(0, "nowhere"));
    put(Work.class, () -> new Work("sum", List.of(), List.of(), List.of(), 0, 0, 0, 1, List.of()));
    put(CsvTable.class, () -> CsvTable.read("table", new StringReader("a,b\n1,2\n")));
    put(PoolOptions.class, () -> PoolOptions.of(2));
    put(Node.class, () -> Tensor.ones(square).node());
    put(Json.class, () -> new Json.Str("text"));
    put(Device.class, () -> Devices.open("cpu"));
    put(String.class, () -> "name");
    put(Number.class, () -> 1);
    put(int.class, () -> 1);
    put(Integer.class, () -> 1);
    put(long.class, () -> 1L);
    put(Long.class, () -> 1L);
    put(float.class, () -> 0.5f);
    put(double.class, () -> 0.5);
    put(Double.class, () -> 0.5);
    put(boolean.class, () -> false);
    put(byte.class, () -> (byte) 1);
    put(Object.class, () -> "anything");
    put(Path.class, () -> folder.resolve("absent"));
    put(InputStream.class, () -> new ByteArrayInputStream(new byte[0]));
    put(PrintStream.class, () -> new PrintStream(PrintStream.nullOutputStream()));
    put(Reader.class, () -> new StringReader("a,b\n1,2\n"));
    put(MemorySegment.class, () -> MemorySegment.ofArray(new float[16]));
    put(ByteBuffer.class, () -> ByteBuffer.allocate(64));
    put(ByteOrder.class, ByteOrder::nativeOrder);
    put(Optional.class, Optional::empty);
    put(OptionalLong.class, OptionalLong::empty);
    put(OptionalDouble.class, OptionalDouble::empty);
    put(Map.class, Map::of);
    put(SequencedMap.class, LinkedHashMap::new);
  }

  private void put(Class<?> type, Supplier<Object> sample) {
    known.put(type, sample);
  }

  private Sgd sgd() {
    return new Sgd(new Linear(4, 4).parameters(), Schedule.constant(0.1));
  }

  private static Dataset dataset() {
    return Dataset.of(Column.of(HostArray.zeros(TensorType.of(DType.F32, 4, 4))),
        Column.labels(HostArray.zeros(TensorType.of(DType.U8, 4))));
  }

  /** An argument; a list has one element. */
  Object of(Type type) {
    return switch (type) {
      case ParameterizedType list when LISTS.contains(list.getRawType()) -> List.of(of(list.getActualTypeArguments()[0]));
      case ParameterizedType other -> of(other.getRawType());
      case TypeVariable<?> variable -> of(variable.getBounds()[0]);
      case Class<?> one -> ofClass(one);
      default -> throw new AssertionError("no sample of " + type);
    };
  }

  private Object ofClass(Class<?> type) {
    if (known.containsKey(type)) {
      return known.get(type).get();
    }
    if (type.isArray()) {
      Object array = Array.newInstance(type.getComponentType(), 1);
      Array.set(array, 0, ofClass(type.getComponentType()));
      return array;
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type.isInterface()) {
      return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, _) -> called(method));
    }
    return Stream.of(type.getConstructors()).min(Comparator.comparing(Constructor::getParameterCount)).map(this::made)
        .orElseThrow(() -> new AssertionError("no sample of " + type));
  }

  /** A stand-in for somebody's function: it is not to be called before null is seen. */
  private static Object called(Method method) {
    return switch (method.getName()) {
      case "hashCode" -> 1;
      case "toString" -> "stand-in";
      default -> throw new UnsupportedOperationException(method.getName());
    };
  }

  private Object made(Constructor<?> constructor) {
    try {
      return constructor.newInstance(Arrays.stream(constructor.getGenericParameterTypes()).map(this::of).toArray());
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("no sample by " + constructor, e);
    }
  }
}
