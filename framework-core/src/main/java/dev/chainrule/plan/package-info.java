/** From graphs to runs: keys, plans, arena layout, variables' storage, evaluation. */
package dev.chainrule.plan;
