/** Training: the Step, the loop around it, and what it tells while it runs. */
package dev.chainrule.train;
