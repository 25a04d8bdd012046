import dev.chainrule.autograd.*
import dev.chainrule.data.*
import dev.chainrule.device.*
import dev.chainrule.graph.*
import dev.chainrule.io.*
import dev.chainrule.nn.*
import dev.chainrule.nn.Module
import dev.chainrule.optim.*
import dev.chainrule.tensor.*
import dev.chainrule.train.*

/** f32 of the given shape, row-major; without sizes a vector: tensor(1, 2, 3). */
Tensor tensor(double... values) {
  return Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, values.length), values));
}
