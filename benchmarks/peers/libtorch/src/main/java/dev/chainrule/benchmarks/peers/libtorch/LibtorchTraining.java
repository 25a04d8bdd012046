package dev.chainrule.benchmarks.peers.libtorch;

import dev.chainrule.benchmarks.training.FixedBatch;
import dev.chainrule.benchmarks.training.Network;
import dev.chainrule.benchmarks.training.Training;
import dev.chainrule.benchmarks.training.TrainingProcess;
import dev.chainrule.benchmarks.training.Workload;
import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** A workload in libtorch, its optimizers as they come. */
public final class LibtorchTraining implements Training {

  private final Layers layers = new Layers();
  private final Model model;
  private final Tensor inputs;
  private final Tensor labels;
  private final TensorVector parameters;
  private final Optimizer optimizer;

  LibtorchTraining(Workload workload) {
    model = switch (workload.network()) {
      case Network.Perceptron perceptron -> Models.perceptron(layers, perceptron);
      case Network.Convolutional convolutional -> Models.convolutional(layers, convolutional);
      case Network.Gpt gpt -> Gpt.model(layers, gpt);
      case Network.CharacterLstm lstm -> Models.lstm(layers, lstm);
    };
    var batch = new FixedBatch(workload);
    inputs = workload.network().readsCharacters() ? longs(batch.characters(), batch.inputShape())
        : Tensor.create(batch.values(), batch.inputShape());
    int[] classes = batch.labels();
    labels = longs(classes, classes.length);
    parameters = layers.parameters();
    optimizer = switch (workload.method()) {
      case SGD -> new SGD(parameters, new SGDOptions(workload.method().rate()));
      case ADAM -> new Adam(parameters, new AdamOptions(workload.method().rate()));
    };
  }

  private static Tensor longs(int[] values, long... shape) {
    return Tensor.create(Arrays.stream(values).asLongStream().toArray(), shape);
  }

  @Override
  public String library() {
    return Training.jar(torch.class);
  }

  @Override
  public long parameters() {
    return Arrays.stream(parameters.get()).mapToLong(Tensor::numel).sum();
  }

  @Override
  public double step() {
    // Frees the tensors of this step on the way out, not when the garbage collector finds them.
    try (var _ = new PointerScope()) {
      optimizer.zero_grad();
      Tensor loss = torch.cross_entropy_loss(model.apply(inputs), labels);
      loss.backward();
      optimizer.step();
      return loss.item_float();
    }
  }

  /** See {@link TrainingProcess#run}. */
  public static void main(String[] args) {
    TrainingProcess.run(args, (workload, threads) -> {
      torch.set_num_threads(threads);
      return new LibtorchTraining(workload);
    });
  }
}
