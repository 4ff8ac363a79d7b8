# forget_sum: in the folder of the flags, removes their sum, and another deployer's in the making. That may get its name at
# any moment, so it is done only once neither is found, in this order.
forget_sum() {
  until set -- .making.* .sum.* && [ "$*" = '.making.* .sum.*' ]; do
    for sum; do
      forget "$sum" || return 1
    done
  done
}

# $1 a file. Another deployer may remove it at the same moment, of which busybox complains in spite of -f.
forget() {
  rm -f "$1" || [ ! -e "$1" ]
}
