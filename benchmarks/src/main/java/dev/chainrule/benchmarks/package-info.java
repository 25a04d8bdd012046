/** How long things take, measured with JMH; figures with machine and command are in docs/benchmarks.md. */
package dev.chainrule.benchmarks;
