package com.example;

import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.Tanh;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.train.Trainer;
import java.util.Random;

/** Something to serve: a small network that has learned the sine. */
final class SineModel {

  private SineModel() {}

  static Module trained() {
    double[] x = new Random(1).doubles(1000, -3, 3).toArray();
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = Math.sin(x[i]);
    }
    TensorType column = TensorType.of(DType.F32, x.length, 1);
    Dataset data = Dataset.of(Column.of(HostArray.ofDoubles(column, x)), Column.of(HostArray.ofDoubles(column, y)));
    var model = new Sequential(new Linear(1, 32), new Tanh(), new Linear(32, 1));
    model.initialise(1);
    Trainer.of(model, Losses::mse, new Adam(model.parameters(), Schedule.constant(0.01)))
        .fit(DataLoader.of(data, 50).withShuffle(true), 30);
    return model;
  }
}
