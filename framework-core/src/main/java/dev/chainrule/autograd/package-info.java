/** The backward pass: graph in, bigger graph out. No device knows about it. */
package dev.chainrule.autograd;
