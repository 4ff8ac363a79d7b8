# forget_sum: in the folder of the flags, removes their sum, and another deployer's in the making. That may get its name at
# any moment, so it is done only once neither is found, in this order.
forget_sum() {
  until set -- .making.* .sum.* && [ "$*" = '.making.* .sum.*' ]; do
    rm -f "$@" || return 1
  done
}
