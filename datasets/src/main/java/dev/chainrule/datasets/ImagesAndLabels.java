package dev.chainrule.datasets;

import dev.chainrule.DataFormatException;
import dev.chainrule.data.Column;
import dev.chainrule.data.Dataset;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;

/** A pair of MNIST files as they are read, checked against each other. */
record ImagesAndLabels(Named images, Named labels) {

  /** Digits, or kinds of clothing. */
  static final int CLASSES = 10;

  /** An array and the name of the file that holds it, for messages. */
  record Named(String file, HostArray array) {

    private void require(String what, int rank) {
      if (array.type().dtype() != DType.U8 || array.type().rank() != rank) {
        throw new DataFormatException(file, "expected " + what + ", found " + array.type(), "");
      }
    }

    private long count() {
      return array.type().shape().dim(0);
    }
  }

  ImagesAndLabels {
    images.require("images u8[count,height,width]", 3);
    labels.require("labels u8[count]", 1);
    if (images.count() != labels.count()) {
      throw new DataFormatException(labels.file(), labels.count() + " labels, but " + images.count() + " images in " + images.file(),
          "");
    }
    for (long i = 0; i < labels.count(); i++) {
      long label = labels.array().longAt(i);
      if (label >= CLASSES) {
        throw new DataFormatException(labels.file(), "label " + i + " is " + label + ", expected 0 to " + (CLASSES - 1), "");
      }
    }
  }

  Dataset dataset() {
    return Dataset.of(Column.unitScaled(images.array()), Column.labels(labels.array()));
  }
}
