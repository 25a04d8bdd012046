/**
 * From graphs to runs: keys, plans, arena layout, variables' storage, evaluation. Not for programs: it changes at any time ({@link
 * dev.chainrule} says what does not).
 */
package dev.chainrule.plan;
