/** The workloads in Deeplearning4j. */
package dev.chainrule.benchmarks.peers.dl4j;
