/**
 * The graph: immutable nodes over a sealed set of primitive operations, their type rules, and a reference interpreter that says what
 * each of them means. Programs use {@code DType}, {@code Shape}, {@code TensorType} and {@code HostArray}; the rest is for backends and may
 * change in minor versions.
 */
package dev.chainrule.graph;
