package dev.chainrule.benchmarks.floor;

import java.util.function.Function;

/**
 * What carries out calls.
 *
 * @param name of the library
 * @param prepare makes a call ready: operands, plans and the like; the result runs it
 */
record Library(String name, Function<Call, Runnable> prepare) {}
