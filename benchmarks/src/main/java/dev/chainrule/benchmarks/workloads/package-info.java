/** The trainings that Chainrule is measured with, written as its users write theirs. */
package dev.chainrule.benchmarks.workloads;
