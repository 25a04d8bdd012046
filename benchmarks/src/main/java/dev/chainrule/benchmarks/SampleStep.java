package dev.chainrule.benchmarks;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.List;

/** Steps of about 5,000 nodes, as large as those of models that people train. */
public enum SampleStep {
  /** Scalar operations one after the other, half of them with two operands. */
  CHAIN {
    @Override
    Trace.Recording record() {
      return Trace.record(Mode.EVALUATION, 0, 0, false, () -> {
        Tensor x = DATA;
        for (int i = 0; i < 2_500; i++) {
          x = x.add(DATA).tanh();
        }
        return List.of(x);
      });
    }
  },

  /** A transformer, a recurrent layer as a loop on top of it, cross-entropy, gradients and Adam. */
  TRANSFORMER {
    private final Transformer model = new Transformer();

    @Override
    Trace.Recording record() {
      return model.record();
    }
  };

  private static final long TOKENS = 16;
  private static final long WIDTH = 8;
  private static final Tensor DATA = Tensor.of(HostArray.zeros(TensorType.of(DType.F32, TOKENS, WIDTH)));

  abstract Trace.Recording record();

  private static final class Transformer {

    private static final int BLOCKS = 20;

    private final List<Variable> parameters = new ArrayList<>();
    private final List<Block> blocks = new ArrayList<>();
    private final Variable recurrent = parameter(WIDTH, WIDTH);
    private final Tensor labels = Tensor.of(HostArray.zeros(TensorType.of(DType.I32, TOKENS)));
    private final Adam adam;

    Transformer() {
      for (int i = 0; i < BLOCKS; i++) {
        blocks.add(new Block());
      }
      adam = new Adam(parameters, Schedule.constant(1e-3));
    }

    private Variable parameter(long... shape) {
      var variable = Variable.of("parameter " + parameters.size(), HostArray.zeros(TensorType.of(DType.F32, shape)), true);
      parameters.add(variable);
      return variable;
    }

    Trace.Recording record() {
      return Trace.record(Mode.TRAINING, 0, 0, false, () -> {
        Tensor x = DATA;
        for (Block block : blocks) {
          x = block.apply(x);
        }
        Tensor loss = Losses.crossEntropy(recurrent(x), labels);
        adam.minimise(loss);
        return List.of(loss);
      });
    }

    private Tensor recurrent(Tensor x) {
      Tensor start = Tensor.zeros(TensorType.of(DType.F32, 1, WIDTH));
      return Loop.scan(TOKENS, List.of(start), List.of(x), (_, carries, slices) -> {
        Tensor next = carries.getFirst().matmul(recurrent.value()).add(slices.getFirst()).tanh();
        return new Loop.Results(List.of(next), List.of(next.reshape(WIDTH)));
      }).outputs().getFirst();
    }

    /** Pre-norm, as in GPT-2. */
    private final class Block {
      private final Variable scale1 = parameter(WIDTH);
      private final Variable shift1 = parameter(WIDTH);
      private final Variable scale2 = parameter(WIDTH);
      private final Variable shift2 = parameter(WIDTH);
      private final Variable q = parameter(WIDTH, WIDTH);
      private final Variable k = parameter(WIDTH, WIDTH);
      private final Variable v = parameter(WIDTH, WIDTH);
      private final Variable out = parameter(WIDTH, WIDTH);
      private final Variable wide = parameter(WIDTH, 4 * WIDTH);
      private final Variable wideBias = parameter(4 * WIDTH);
      private final Variable narrow = parameter(4 * WIDTH, WIDTH);
      private final Variable narrowBias = parameter(WIDTH);

      Tensor apply(Tensor x) {
        Tensor a = Normalisation.layerNorm(x, scale1.value(), shift1.value(), 1e-5);
        Tensor attended = Attention.CAUSAL.apply(a.matmul(q.value()), a.matmul(k.value()), a.matmul(v.value())).matmul(out.value());
        Tensor y = x.add(attended);
        Tensor b = Normalisation.layerNorm(y, scale2.value(), shift2.value(), 1e-5);
        return y.add(b.matmul(wide.value()).add(wideBias.value()).gelu().matmul(narrow.value()).add(narrowBias.value()));
      }
    }
  }
}
