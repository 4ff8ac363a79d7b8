import { useData, useRoute } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { onMounted, watch } from "vue";
import { drawDiagrams } from "./drawDiagrams.js";
import "./style.css";

/** VitePress's own theme, with diagrams in the colours that the reader has chosen. */
export default {
  extends: DefaultTheme,
  setup() {
    const { isDark } = useData();
    const route = useRoute();
    const draw = () => drawDiagrams(isDark.value);
    onMounted(() => watch([() => route.data, isDark], draw, { immediate: true, flush: "post" }));
  },
};
