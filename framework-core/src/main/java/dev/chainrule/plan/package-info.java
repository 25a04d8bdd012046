/**
 * From graphs to runs: keys, plans, arena layout, variables' storage, evaluation.
 */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.plan;

import dev.chainrule.Stability;
