/** The workloads in PyTorch's C++ library, called through JavaCPP. */
package dev.chainrule.benchmarks.peers.libtorch;
