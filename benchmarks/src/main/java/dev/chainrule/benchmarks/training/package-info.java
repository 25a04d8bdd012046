/**
 * Trainings against peers: {@link dev.chainrule.benchmarks.training.Workload} says what is trained, every library trains it in processes
 * of its own ({@link dev.chainrule.benchmarks.training.TrainingProcess}), and
 * {@link dev.chainrule.benchmarks.training.TrainingBenchmark} starts them in turns and compares.
 */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.benchmarks.training;

import dev.chainrule.Stability;
