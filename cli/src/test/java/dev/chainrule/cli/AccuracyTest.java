package dev.chainrule.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the recipe promises: accuracies on digits that the network has not seen. */
class AccuracyTest {

  private static double accuracy(String... arguments) {
    var out = new StringWriter();
    int code = Main.commandLine().setOut(new PrintWriter(out)).execute(arguments);
    assertEquals(0, code);
    String last = out.toString().lines().toList().getLast();
    assertTrue(last.matches("test accuracy 0\\.\\d{4}"), last);
    return Double.parseDouble(last.substring("test accuracy ".length()));
  }

  @Test
  void theDefaultsReachNinetySevenPercent() {
    double accuracy = accuracy("train", "mnist");
    assertTrue(accuracy >= 0.97, "accuracy " + accuracy);
  }

  /** A third of the default epochs, which is the harder task. */
  @ParameterizedTest
  @ValueSource(strings = {"sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"})
  void everyOptimizersDefaultsPassNinetyThreePercent(String optimizer) {
    double accuracy = accuracy("train", "mnist", "--epochs", "8", "--optimizer", optimizer);
    assertTrue(accuracy >= 0.93, optimizer + " " + accuracy);
  }

  @ParameterizedTest
  @ValueSource(strings = {"leaky-relu", "sigmoid", "tanh", "gelu"})
  void everyActivationLearns(String activation) {
    double accuracy = accuracy("train", "mnist", "--epochs", "4", "--layers", "64", "--activation", activation);
    assertTrue(accuracy >= 0.8, activation + " " + accuracy);
  }
}
