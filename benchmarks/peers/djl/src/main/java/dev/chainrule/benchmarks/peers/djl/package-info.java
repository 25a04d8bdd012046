/** The workloads in the Deep Java Library, with its PyTorch engine. */
package dev.chainrule.benchmarks.peers.djl;
