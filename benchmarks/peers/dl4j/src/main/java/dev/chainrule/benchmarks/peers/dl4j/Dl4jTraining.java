package dev.chainrule.benchmarks.peers.dl4j;

import dev.chainrule.benchmarks.training.FixedBatch;
import dev.chainrule.benchmarks.training.Training;
import dev.chainrule.benchmarks.training.TrainingProcess;
import dev.chainrule.benchmarks.training.Workload;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A workload in Deeplearning4j, with its workspaces as they come. */
public final class Dl4jTraining implements Training {

  private final MultiLayerNetwork model;
  private final INDArray inputs;
  private final INDArray labels;

  Dl4jTraining(Workload workload) {
    model = new MultiLayerNetwork(Models.of(workload));
    model.init();
    var batch = new FixedBatch(workload);
    inputs = Nd4j.createFromArray(batch.values()).reshape(batch.inputShape());
    labels = oneHot(batch.labels(), workload.network().classes());
  }

  /** Its loss takes a row of probabilities for each example. */
  private static INDArray oneHot(int[] labels, int classes) {
    float[][] rows = new float[labels.length][classes];
    for (int i = 0; i < labels.length; i++) {
      rows[i][labels[i]] = 1;
    }
    return Nd4j.createFromArray(rows);
  }

  @Override
  public String library() {
    return Training.jar(MultiLayerNetwork.class);
  }

  @Override
  public long parameters() {
    return model.numParams();
  }

  @Override
  public double step() {
    model.fit(inputs, labels);
    return model.score();
  }

  /** See {@link TrainingProcess#run}; OMP_NUM_THREADS says how many threads compute. */
  public static void main(String[] args) {
    TrainingProcess.run(args, (workload, _) -> new Dl4jTraining(workload));
  }
}
