package com.example;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Answers {@code GET /sine?0.5,1.5} with the model's values, one model for all threads: {@code Serve [--backend cpu] [--port 8080]}. Without
 * a port it asks itself a thousand questions, compares the answers and ends.
 */
public final class Serve {

  private Serve() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Device device = Devices.fromArguments(args);
    System.out.println("Device: " + device.info().id());
    var model = Devices.with(device, SineModel::trained);
    // One Step for all threads: its plan for a shape is made once, and it only reads the model.
    Step predict = Step.evaluation(in -> List.of(model.apply(in.getFirst())));

    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port(args)), 0);
      server.setExecutor(threads);
      // The device is the calling thread's, so each request says it anew.
      server.createContext("/sine", exchange -> answer(exchange, x -> Devices.with(device, () -> values(predict, x))));
      server.start();
      System.out.println("Listening on " + server.getAddress());
      if (port(args) == 0) {
        try {
          System.out.println("Result: " + Questions.ask(server.getAddress().getPort(), x -> Devices.with(device, () -> values(predict, x))));
        } finally {
          server.stop(0);
        }
      } else {
        Thread.currentThread().join();
      }
    }
  }

  private static int port(String[] args) {
    int at = Arrays.asList(args).indexOf("--port");
    return at < 0 ? 0 : Integer.parseInt(args[at + 1]);
  }

  /** The model's values at some points. */
  interface Predictor {
    float[] at(float[] x);
  }

  private static float[] values(Step predict, float[] x) {
    return predict.run(Tensor.of(x, x.length, 1)).getFirst().toFloatArray();
  }

  private static void answer(HttpExchange exchange, Predictor predictor) throws IOException {
    try (exchange) {
      int status = 200;
      String text;
      try {
        text = text(predictor.at(numbers(exchange.getRequestURI().getQuery())));
      } catch (NumberFormatException e) {
        status = 400;
        text = "expected numbers, as in /sine?0.5,1.5";
      }
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static float[] numbers(String query) {
    String[] parts = query == null ? new String[] {""} : query.split(",", -1);
    float[] numbers = new float[parts.length];
    for (int i = 0; i < parts.length; i++) {
      numbers[i] = Float.parseFloat(parts[i]);
    }
    return numbers;
  }

  /** Numbers as they are sent, with all their digits. */
  static String text(float[] values) {
    String list = Arrays.toString(values);
    return list.substring(1, list.length() - 1).replace(" ", "");
  }
}
