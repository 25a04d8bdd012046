package com.example;

import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.datasets.CsvTable;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.HostArray;
import dev.chainrule.io.Safetensors;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Metrics;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Metric;
import dev.chainrule.train.Trainer;
import java.nio.file.Path;
import java.util.Map;

/** Tells irises apart by four lengths: {@code TrainOnCsv [--backend cpu] [file.csv]}. */
public final class TrainOnCsv {

  private static final String[] LENGTHS = {"sepalLength", "sepalWidth", "petalLength", "petalWidth"};

  private TrainOnCsv() {}

  public static void main(String[] args) {
    Device device = Devices.fromArguments(args);
    System.out.println("Device: " + device.info().id());
    double accuracy = Devices.with(device, TrainOnCsv::train);
    System.out.printf("Result: %.2f of the held-out flowers are recognised%n", accuracy);
  }

  private static double train() {
    CsvTable table = CsvTable.read(Path.of("iris.csv"));
    CsvTable.Classes species = table.classes("species");
    HostArray lengths = standardised(table.numbers(LENGTHS));

    // Every third flower is held out: the file is sorted by species, so its last third would be one species.
    Dataset all = Dataset.of(Column.of(lengths), Column.of(species.numbers()));
    Dataset train = new EveryThird(all, false);
    Dataset test = new EveryThird(all, true);

    var model = new Sequential(new Linear(LENGTHS.length, 16), new Relu(), new Linear(16, species.names().size()));
    model.initialise(42);
    var trainer = Trainer.of(model, Losses::crossEntropy, new Adam(model.parameters(), Schedule.constant(0.01)));
    trainer.fit(DataLoader.of(train, 20).withShuffle(true), 60);

    Safetensors.write(Path.of("target", "iris.safetensors"), model.state(), Map.of("species", String.join(",", species.names())));
    return trainer.evaluate(DataLoader.of(test, 50), new Metric("accuracy", Metrics::accuracy)).get("accuracy");
  }

  /** Each column with mean 0 and variance 1. */
  private static HostArray standardised(HostArray columns) {
    Tensor x = Tensor.of(columns);
    Tensor centred = x.sub(x.mean(0));
    return centred.div(centred.square().mean(0).sqrt()).toHostArray();
  }
}
