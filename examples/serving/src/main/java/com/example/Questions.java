package com.example;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** A thousand questions to the server, many of them at once, each with its answer compared. */
final class Questions {

  private static final int COUNT = 1000;

  private Questions() {}

  static String ask(int port, Serve.Predictor predictor) throws InterruptedException {
    List<CompletableFuture<Boolean>> answers = new ArrayList<>();
    double worst = 0;
    try (var client = HttpClient.newHttpClient()) {
      var random = new Random(2);
      for (int i = 0; i < COUNT; i++) {
        float[] x = new float[1 + i % 4];
        for (int k = 0; k < x.length; k++) {
          x[k] = random.nextFloat(-3, 3);
        }
        float[] values = predictor.at(x);
        worst = Math.max(worst, Math.abs(values[0] - Math.sin(x[0])));
        String expected = Serve.text(values);
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/sine?" + Serve.text(x))).build();
        answers.add(client.sendAsync(request, BodyHandlers.ofString()).thenApply(r -> r.body().equals(expected)));
      }
      long right = answers.stream().filter(CompletableFuture::join).count();
      if (right < COUNT || worst > 0.2) {
        throw new AssertionError(right + " of " + COUNT + " answers are right, the sine is missed by " + worst);
      }
      return "%d answers, all the same as without the server; the sine is missed by %.3f at most".formatted(right, worst);
    }
  }
}
