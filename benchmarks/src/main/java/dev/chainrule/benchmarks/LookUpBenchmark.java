package dev.chainrule.benchmarks;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Value;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.PlanCache;
import dev.chainrule.plan.StepGraph;
import dev.chainrule.tensor.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a Step does on the host at each run whose plan is known: it traces, finds the plan by the graph's structure, and binds memory. The
 * aim is 0.2 ms for finding the plan of 5,000 nodes.
 *
 * <pre>
 * mvn -q package -DskipTests -pl benchmarks -am
 * java -cp 'benchmarks/target/app/*' org.openjdk.jmh.Main LookUpBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class LookUpBenchmark {

  @Param
  private SampleStep step = SampleStep.CHAIN;

  private final Engine engine = Engine.of(new IdleDevice());
  private final PlanCache plans = new PlanCache();
  private StepGraph again = new StepGraph(List.of(), List.of(), List.of());

  /** Two recordings of one step: a look-up compares what is equal but not the same. */
  @Setup(Level.Trial)
  public void prepare() {
    StepGraph recorded = repeatable(step.record());
    again = repeatable(step.record());
    engine.run(recorded, plans);
    System.out.printf("%s: %,d nodes%n", step, Graphs.topological(roots(recorded)).size());
  }

  /** With each assignment as a check: nothing is committed, so that one graph can be run again and again. */
  private static StepGraph repeatable(Trace.Recording recording) {
    StepGraph graph = recording.graph();
    List<StepGraph.Check> checks = new ArrayList<>(graph.checks());
    graph.assignments().forEach(a -> checks.add(new StepGraph.Check(a.value(), "new value")));
    return new StepGraph(graph.outputs(), List.of(), checks);
  }

  private static List<Node> roots(StepGraph graph) {
    List<Node> roots = new ArrayList<>(graph.outputs());
    graph.checks().forEach(c -> roots.add(c.node()));
    return roots;
  }

  /** The plan's key, the hit in the cache, and the binding of memory. */
  @Benchmark
  public List<Value> lookUp() {
    return engine.run(again, plans);
  }

  /** The tracing before it. */
  @Benchmark
  public Trace.Recording trace() {
    return step.record();
  }
}
