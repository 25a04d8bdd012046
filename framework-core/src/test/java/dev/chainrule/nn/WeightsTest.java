package dev.chainrule.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DataFormatException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightsTest {

  private static Sequential model() {
    return new Sequential(new Linear(3, 4), new Relu(), new Linear(4, 2), new Linear(2, 600));
  }

  private static HostArray zeros(DType dtype, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return HostArray.ofDoubles(type, new double[Math.toIntExact(type.elements())]);
  }

  @Test
  void whatIsLoadedIsWhatWasSaved() {
    Sequential from = model();
    from.initialise(1);
    Sequential to = model();
    to.initialise(2);
    assertNotEquals(from.state(), to.state());
    to.load(from.state());
    assertEquals(from.state(), to.state());
  }

  @Test
  void everyProblemIsNamedAtOnceAndNothingIsChanged() {
    Sequential model = model();
    model.initialise(1);
    Map<String, HostArray> before = model.state();
    Map<String, HostArray> given = new LinkedHashMap<>(before);
    given.put("0/bias", zeros(DType.F32, 4));
    given.remove("0/weight");
    given.put("2/weight", zeros(DType.F32, 2, 4));
    given.put("2/bias", zeros(DType.F64, 2));
    given.put("3/bias", zeros(DType.I32, 5));
    given.put("4/weight", zeros(DType.F16, 7));

    var error = assertThrows(DataFormatException.class, () -> model.load(given));
    assertTrue(error.getMessage().startsWith("""
        [load] the weights do not fit the model; nothing was changed:
          missing: 0/weight f32[3,4]
          wrong shape: 2/weight is [2,4], expected [4,2]
          wrong element type: 2/bias is f64, expected f32
          wrong shape: 3/bias is [5], expected [600]
          wrong element type: 3/bias is i32, expected f32
          unexpected: 4/weight f16[7]
        """), error.getMessage());
    assertEquals(before, model.state());
  }

  @Test
  void aSingleProblemIsEnoughToChangeNothing() {
    Sequential model = model();
    model.initialise(1);
    Sequential other = model();
    other.initialise(2);
    Map<String, HostArray> before = model.state();
    Map<String, HostArray> given = new LinkedHashMap<>(other.state());
    given.put("extra", zeros(DType.F32, 1));
    assertThrows(DataFormatException.class, () -> model.load(given));
    assertEquals(before, model.state());
  }
}
