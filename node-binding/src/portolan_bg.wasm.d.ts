/** The engine's file as a bundler passes it on: its address, its bytes, or the compiled module. Pass it to `init()`. */
declare const module: string & ArrayBufferView;
export default module;
