/**
 * The graph: immutable nodes over a sealed set of primitive operations, their type rules, and a reference interpreter that says what
 * each of them means.
 */
package dev.chainrule.graph;
