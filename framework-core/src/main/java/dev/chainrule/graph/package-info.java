/**
 * The graph: immutable nodes over a sealed set of primitive operations, their type rules, and a reference interpreter that says what
 * each of them means.
 */
@Stability(Stability.Level.SPI)
package dev.chainrule.graph;

import dev.chainrule.Stability;
