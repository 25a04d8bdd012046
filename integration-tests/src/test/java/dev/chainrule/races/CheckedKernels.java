package dev.chainrule.races;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/** Run by {@link KernelRacesTest} in a process of its own: each kernel once, small; or a kernel that is wrong on purpose. */
final class CheckedKernels {

  /** All threads of a group write one number in shared memory, and read it without waiting for one another. */
  private static final String RACE = """
      __kernel void planted(__global int *x) {
        __local int shared[1];
        shared[0] = get_local_id(0);
        x[get_global_id(0)] = shared[0];
      }
      """;

  /** Writes behind the end. */
  private static final String BOUNDS = """
      __kernel void planted(__global int *x) {
        x[get_global_id(0) + 1] = 1;
      }
      """;

  private static final int PLANTED_THREADS = 4;

  private CheckedKernels() {}

  public static void main(String[] arguments) {
    switch (arguments[0]) {
      case "race" -> planted(RACE);
      case "bounds" -> planted(BOUNDS);
      default -> {
        Device device = Devices.open("opencl");
        System.out.println("checked on " + device.info().description());
        graphs().forEach((name, graph) -> {
          System.err.println("== " + name);
          Devices.with(device, () -> {
            List<Tensor> results = graph.get();
            Tensor.eval(results.toArray(Tensor[]::new));
            return results.stream().map(Tensor::toHostArray).toList();
          });
        });
        System.out.println("checked all");
      }
    }
  }

  private static Tensor numbers(long... dims) {
    TensorType type = TensorType.of(DType.F32, dims);
    double[] values = new double[Math.toIntExact(type.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 7 % 11) * 0.25 - 1;
    }
    return Tensor.of(HostArray.ofDoubles(type, values));
  }

  /** In a step, where bias and activation are part of the product. */
  private static List<Tensor> dense(Tensor x, Tensor w, Tensor bias) {
    return Step.evaluation((List<Tensor> in) -> List.of(in.get(0).matmul(in.get(1)).add(in.get(2)).relu())).run(x, w, bias);
  }

  private static Tensor indices(long... values) {
    return Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, values.length), values));
  }

  /** One of each kernel written by hand, and of each form of generated ones. */
  private static Map<String, Supplier<List<Tensor>>> graphs() {
    Map<String, Supplier<List<Tensor>>> graphs = new LinkedHashMap<>();
    graphs.put("elements", () -> List.of(numbers(5, 7).exp().add(numbers(7))));
    graphs.put("packs", () -> List.of(numbers(1027).exp().add(numbers(1027))));
    graphs.put("short rows", () -> List.of(numbers(5, 7).softmax(1)));
    graphs.put("shared rows", () -> List.of(numbers(3, 40).softmax(1)));
    graphs.put("long rows", () -> List.of(numbers(2, 2100).softmax(1)));
    graphs.put("shared columns", () -> List.of(numbers(40, 9).sum(0)));
    graphs.put("chunks", () -> List.of(numbers(2, 2100).sum(1)));
    graphs.put("joint copies", () -> List.of(Tensor.concat(0, numbers(300), numbers(5), numbers(20))));
    graphs.put("product", () -> List.of(numbers(3, 5).matmul(numbers(5, 4))));
    graphs.put("thin product", () -> List.of(numbers(2, 769).matmul(numbers(769, 3))));
    graphs.put("product by packs", () -> List.of(numbers(8, 12).matmul(numbers(12, 8)), numbers(12, 8).transpose().matmul(numbers(8, 12).transpose())));
    graphs.put("product with an epilogue", () -> dense(numbers(5, 12), numbers(12, 8), numbers(8)));
    graphs.put("thin product with an epilogue", () -> dense(numbers(2, 769), numbers(769, 3), numbers(3)));
    graphs.put("attention", () -> {
      Tensor q = numbers(3, 2);
      Tensor k = numbers(5, 2);
      Tensor v = numbers(5, 4);
      Tensor result = Attention.CAUSAL.apply(q, k, v);
      List<Tensor> results = new ArrayList<>(List.of(result));
      results.addAll(Gradients.of(result.square().sum(), List.of(q, k, v)));
      return results;
    });
    graphs.put("convolution", () -> {
      Tensor x = numbers(1, 2, 4, 4);
      Tensor w = numbers(2, 2, 3, 3);
      return Gradients.of(x.conv2d(w).square().sum(), List.of(x, w));
    });
    graphs.put("gather", () -> List.of(numbers(5, 3).take(0, indices(4, 0, 4))));
    graphs.put("scatter", () -> List.of(numbers(5, 3).scatterAdd(0, indices(4, 0, 4), numbers(3, 3))));
    graphs.put("sort", () -> List.of(numbers(2, 150).sort(1).values()));
    graphs.put("cumulate", () -> List.of(numbers(4, 9).cumsum(1)));
    graphs.put("position", () -> List.of(numbers(4, 9).argmax(0)));
    graphs.put("concat and pad", () -> List.of(Tensor.concat(0, numbers(2, 3), numbers(1, 3)).pad(1, 1, 2, 0)));
    graphs.put("windows", () -> List.of(numbers(3, 4).fold(0, 6, 4, 1, 1)));
    graphs.put("random", () -> List.of(RandomStream.of(7).uniform(Shape.of(11))));
    graphs.put("loop", () -> Loop.scan(3, List.of(numbers(4)), List.of(numbers(3, 4)), (_, carries, slices) ->
        new Loop.Results(List.of(carries.getFirst().add(slices.getFirst())), List.of())).carries());
    return graphs;
  }

  private static void planted(String text) {
    CL.setExceptionsEnabled(true);
    cl_platform_id[] platform = new cl_platform_id[1];
    CL.clGetPlatformIDs(1, platform, null);
    cl_device_id[] device = new cl_device_id[1];
    CL.clGetDeviceIDs(platform[0], CL.CL_DEVICE_TYPE_ALL, 1, device, null);
    var properties = new cl_context_properties();
    properties.addProperty(CL.CL_CONTEXT_PLATFORM, platform[0]);
    cl_context context = CL.clCreateContext(properties, 1, device, null, null, null);
    @SuppressWarnings("deprecation") // of OpenCL 1, which every version has
    cl_command_queue queue = CL.clCreateCommandQueue(context, device[0], 0, null);
    cl_program program = CL.clCreateProgramWithSource(context, 1, new String[] {text}, null, null);
    CL.clBuildProgram(program, 1, device, "-cl-opt-disable", null, null);
    cl_kernel kernel = CL.clCreateKernel(program, "planted", null);
    cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, (long) PLANTED_THREADS * Integer.BYTES, null, null);
    CL.clSetKernelArg(kernel, 0, Sizeof.cl_mem, Pointer.to(buffer));
    CL.clEnqueueNDRangeKernel(queue, kernel, 1, null, new long[] {PLANTED_THREADS}, new long[] {PLANTED_THREADS}, 0, null, null);
    CL.clFinish(queue);
    System.out.println("checked on a planted kernel");
  }
}
