/** How long things take, measured with JMH; figures with machine and command are in docs/benchmarks.md. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.benchmarks;

import dev.chainrule.Stability;
