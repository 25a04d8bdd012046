package dev.chainrule.benchmarks.floor;

import dev.chainrule.benchmarks.training.Network;
import dev.chainrule.benchmarks.training.Workload;
import java.util.ArrayList;
import java.util.List;

/** The products and convolutions of one training step that no library gets around, gradients included. */
final class Calls {

  private final List<Call> calls = new ArrayList<>();

  private Calls() {}

  /** Those of a workload. What asks for the gradient of the batch is left out: nobody needs it. */
  static List<Call> of(Workload workload) {
    var calls = new Calls();
    switch (workload.network()) {
      case Network.Perceptron perceptron -> calls.linears(workload.batch(), perceptron.sizes(), false);
      case Network.Convolutional convolutional -> calls.convolutional(workload.batch(), convolutional);
      case Network.Gpt gpt -> calls.gpt(workload.batch(), gpt);
      case Network.CharacterLstm lstm -> calls.lstm(workload.batch(), lstm);
    }
    return List.copyOf(calls.calls);
  }

  private void linears(long rows, List<Integer> sizes, boolean inputGradient) {
    for (int i = 1; i < sizes.size(); i++) {
      linear(rows, sizes.get(i - 1), sizes.get(i), inputGradient || i > 1);
    }
  }

  private void linear(long rows, long in, long out, boolean inputGradient) {
    product(1, rows, in, out);
    product(1, in, rows, out);
    if (inputGradient) {
      product(1, rows, out, in);
    }
  }

  private void product(long batch, long m, long k, long n) {
    calls.add(new Call.Product(batch, m, k, n));
  }

  private void convolutional(long batch, Network.Convolutional network) {
    long channels = network.channels();
    long size = network.size();
    boolean inputGradient = false;
    for (Network.Block block : network.blocks()) {
      for (long filters : block.filters()) {
        for (Call.Pass pass : Call.Pass.values()) {
          if (pass != Call.Pass.INPUT_GRADIENT || inputGradient) {
            calls.add(new Call.Convolution(pass, batch, channels, size, filters, network.kernel()));
          }
        }
        inputGradient = true;
        channels = filters;
      }
      size /= 2;
    }
    linears(batch, network.classifier(), true);
  }

  private void gpt(long batch, Network.Gpt network) {
    long rows = batch * network.length();
    long width = network.width();
    for (int i = 0; i < network.blocks(); i++) {
      linear(rows, width, 3 * width, true);
      attention(batch * network.heads(), network.length(), width / network.heads());
      linear(rows, width, width, true);
      linear(rows, width, 4 * width, true);
      linear(rows, 4 * width, width, true);
    }
    linear(rows, width, network.classes(), true);
  }

  /** Scores and their use, forward; then the gradients of the weights, values, queries and keys. All positions are counted. */
  private void attention(long heads, long length, long width) {
    product(heads, length, width, length);
    product(heads, length, length, width);
    product(heads, length, width, length);
    for (int i = 0; i < 3; i++) {
      product(heads, length, length, width);
    }
  }

  /** Only what goes from one position to the next must wait for it. */
  private void lstm(long batch, Network.CharacterLstm network) {
    long width = network.width();
    long rows = batch * network.length();
    linear(rows, width, 4 * width, true);
    for (int i = 0; i < network.length(); i++) {
      product(1, batch, width, 4 * width);
      product(1, batch, 4 * width, width);
    }
    product(1, width, rows, 4 * width);
    linear(rows, width, network.classes(), true);
  }
}
